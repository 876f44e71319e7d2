#version 330 core
in vec3 v_ray;
uniform vec3 u_sun;
uniform vec3 u_zenith_colour;
uniform vec3 u_haze_colour;
uniform vec3 u_nadir_colour;
out vec4 o_colour;

void main() {
    vec3 ray = normalize(v_ray);
    float height = ray.y;
    vec3 colour = height > 0.0
        ? mix(u_haze_colour, u_zenith_colour, height * (2.0 - height))
        : mix(u_haze_colour, u_nadir_colour, smoothstep(0.0, 0.45, -height));
    float sun = max(dot(ray, u_sun), 0.0);
    float glow = sun * sun; glow *= glow; glow *= glow;
    colour += vec3(1.0, 0.85, 0.6) * (0.18 * glow * glow + 2.0 * smoothstep(0.9994, 0.9998, sun));
    colour = colour / (1.0 + colour * colour * 0.16);
    o_colour = vec4(sqrt(colour), 1.0);
}
