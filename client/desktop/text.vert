#version 330 core
// Glyphs of the head-up display: window units, origin at the bottom left.
layout(location = 0) in vec2 a_position;
layout(location = 1) in vec2 a_texture;
layout(location = 2) in vec4 a_colour;
uniform vec2 u_window;
out vec2 v_texture;
out vec4 v_colour;

void main() {
    v_texture = a_texture;
    v_colour = a_colour;
    gl_Position = vec4(a_position / u_window * 2.0 - 1.0, 0.0, 1.0);
}
