#version 330 core
// One triangle over the whole window; v_ray is the direction of sight, not normalised.
uniform vec3 u_right;
uniform vec3 u_up;
uniform vec3 u_forward;
out vec3 v_ray;

void main() {
    vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    v_ray = u_forward + u_right * corner.x + u_up * corner.y;
    gl_Position = vec4(corner, 1.0, 1.0);
}
