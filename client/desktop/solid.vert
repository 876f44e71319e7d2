#version 330 core
// Instances of a unit mesh: see meshes.py.
layout(location = 0) in vec3 a_core;
layout(location = 1) in vec3 a_reach;
layout(location = 2) in vec3 a_normal;
layout(location = 3) in vec3 i_position;
layout(location = 4) in vec4 i_rotation;
layout(location = 5) in vec3 i_inner;
layout(location = 6) in vec3 i_outer;
layout(location = 7) in vec4 i_colour;
layout(location = 8) in vec4 i_material;

uniform mat4 u_view_projection;
uniform mat4 u_shadow;

out vec3 v_world;
out vec3 v_normal;
out vec3 v_local;  // metres from the middle
out vec3 v_ball;  // direction on the unit ball
flat out vec3 v_extent;
flat out vec3 v_colour;
flat out vec3 v_material;
out vec3 v_shadow;

vec3 turn(vec4 q, vec3 v) {
    return v + 2.0 * cross(q.xyz, cross(q.xyz, v) + q.w * v);
}

void main() {
    vec3 local = a_core * i_inner + a_reach * i_outer;
    vec3 world = i_position + turn(i_rotation, local);
    vec3 normal = turn(i_rotation, normalize(a_normal / i_outer));
    v_world = world;
    v_normal = normal;
    v_local = local;
    v_ball = a_normal;
    v_extent = i_inner + i_outer;
    v_colour = i_colour.rgb * i_colour.rgb;
    v_material = i_material.xyz;
    vec4 lit = u_shadow * vec4(world + normal * 0.03, 1.0);
    v_shadow = lit.xyz * 0.5 + 0.5;
    gl_Position = u_view_projection * vec4(world, 1.0);
}
