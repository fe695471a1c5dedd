// Placeholder of the first build; replaced by the target's first file.
