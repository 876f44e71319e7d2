#version 330 core
// The shadow map: only where each instance is, seen from the sun.
layout(location = 0) in vec3 a_core;
layout(location = 1) in vec3 a_reach;
layout(location = 3) in vec3 i_position;
layout(location = 4) in vec4 i_rotation;
layout(location = 5) in vec3 i_inner;
layout(location = 6) in vec3 i_outer;

uniform mat4 u_shadow;

void main() {
    vec3 local = a_core * i_inner + a_reach * i_outer;
    vec4 q = i_rotation;
    vec3 world = i_position + local + 2.0 * cross(q.xyz, cross(q.xyz, local) + q.w * local);
    gl_Position = u_shadow * vec4(world, 1.0);
}
