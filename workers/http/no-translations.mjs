// Stands in for the validation library's translations (`[alias]` in wrangler.toml): the platform answers in English, and forty
// languages are a sixth of the bundle.
export {};
