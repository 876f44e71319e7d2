#version 330 core
#define CRATES 0
#define GROUND 1
#define ROUNDS 2
#define SURFACE 0
#define SHADOW_TAPS 1
#define FINE 0
// The last three are replaced: what is drawn (a processor that draws would go through all branches of one program
// for each pixel), 1 or 9 readings of the shadow map, 1 for rims of light on glossy things.
// Colours are linear in here: squared on the way in, square root on the way out (close to sRGB, and cheap).
in vec3 v_world;
in vec3 v_normal;
in vec3 v_local;
in vec3 v_ball;
flat in vec3 v_extent;
flat in vec3 v_colour;
flat in vec3 v_material;  // pattern, gloss, glow
in vec3 v_shadow;

uniform vec3 u_eye;
uniform vec3 u_sun;
uniform vec3 u_sun_colour;
uniform vec3 u_sky_colour;
uniform vec3 u_ground_colour;
uniform vec3 u_haze_colour;
uniform float u_haze;
uniform sampler2DShadow u_shadow_map;
uniform float u_shadow_texel;

out vec4 o_colour;

float line(vec2 at, float spacing, float width) {
    vec2 cell = abs(fract(at / spacing - 0.5) - 0.5) * spacing;
    vec2 blur = fwidth(at);
    vec2 ink = 1.0 - smoothstep(vec2(width) - blur * 0.5, vec2(width) + blur, cell);
    ink *= clamp(spacing / (6.0 * blur) - 0.5, 0.0, 1.0);  // far lines fade before they flicker
    return max(ink.x, ink.y);
}

vec3 ground(vec3 colour, vec3 normal) {
    vec3 side = abs(normal);
    vec2 at = side.y > max(side.x, side.z) ? v_world.xz : (side.x > side.z ? v_world.zy : v_world.xy);
    vec2 tile = floor(at * 0.5);
    float odd = mod(tile.x + tile.y, 2.0);
    vec2 blur = fwidth(at);
    float near = clamp(1.0 - max(blur.x, blur.y) * 1.5, 0.0, 1.0);
    colour *= 1.0 + (odd - 0.5) * 0.18 * near;
    // Dark lines on light ground, light lines on dark ground: the way covered must be seen on both.
    float ink = mix(0.65, -0.2, smoothstep(0.10, 0.30, dot(colour, vec3(0.3, 0.6, 0.1))));
    colour *= 1.0 + ink * line(at, 1.0, 0.012);
    colour *= 1.0 + 1.4 * ink * line(at, 10.0, 0.03);
    return colour;
}

vec3 crate(vec3 colour) {
    vec3 room = v_extent - abs(v_local);
    float edge = max(min(room.x, room.y), min(max(room.x, room.y), room.z));  // the middle one of the three
    float width = 0.17 * min(v_extent.x, min(v_extent.y, v_extent.z));
    float blur = fwidth(edge) + 1e-4;
    float panel = smoothstep(width - blur * 0.5, width + blur * 0.5, edge);
    return colour * mix(1.12, 0.86, panel);
}

vec3 ball(vec3 colour) {
    float latitude = abs(v_ball.y);
    float blur = fwidth(latitude) + 1e-4;
    float belt = 1.0 - smoothstep(0.20 - blur, 0.20 + blur, latitude);
    float cap = smoothstep(0.90 - blur, 0.90 + blur, latitude);
    vec3 pale = mix(colour, vec3(1.0), 0.62);
    return mix(mix(colour, pale, belt), colour * 0.45, cap);
}

float sunlight(float facing) {
    vec3 at = v_shadow;
    at.z -= u_shadow_texel * (0.35 + 0.9 * (1.0 - facing));
    // With textureLod a processor that draws skips the choice of a level: half of the time of the whole picture.
#if SHADOW_TAPS == 1
    float lit = textureLod(u_shadow_map, at, 0.0);
#else
    float lit = 0.0;
    for (int x = -1; x <= 1; ++x)
        for (int y = -1; y <= 1; ++y)
            lit += textureLod(u_shadow_map, at + vec3(vec2(x, y) * u_shadow_texel, 0.0), 0.0);
    lit /= 9.0;
#endif
    vec2 rim = abs(at.xy - 0.5) * 2.0;
    return mix(lit, 1.0, smoothstep(0.8, 1.0, max(rim.x, rim.y)));
}

void main() {
    vec3 normal = normalize(v_normal);
    vec3 way = u_eye - v_world;
    float distance = length(way);
    vec3 view = way / distance;

    vec3 colour = v_colour;
#if SURFACE == GROUND
    colour = ground(colour, normal);
#elif SURFACE == CRATES
    colour = crate(colour);
#else
    if (v_material.x < 0.5) colour = ball(colour);
#endif

    float facing = dot(normal, u_sun);
    float sun = facing > 0.0 ? facing * sunlight(facing) : 0.0;
    vec3 ambient = mix(u_ground_colour, u_sky_colour, normal.y * 0.5 + 0.5);
    vec3 light = colour * (ambient + u_sun_colour * sun);

#if SURFACE != GROUND
    float gloss = v_material.y;
    float spark = max(dot(normal, normalize(view + u_sun)), 0.0);
    float tight = spark * spark; tight *= tight; tight *= tight; tight *= tight; tight *= tight;  // power 32
    light += gloss * u_sun_colour * (sun * tight * 0.5);
#if FINE
    float rim = 1.0 - max(dot(normal, view), 0.0);
    rim *= rim; rim *= rim;
    light += gloss * u_sky_colour * (rim * 0.35);
#endif
    light += v_material.z * (0.25 + colour) * 0.5;
#endif

    float clear = exp(-u_haze * distance);
    light = mix(u_haze_colour, light, clear);
    light = light / (1.0 + light * light * 0.16);  // rolls off what is too bright
    o_colour = vec4(sqrt(light), 1.0);
}
