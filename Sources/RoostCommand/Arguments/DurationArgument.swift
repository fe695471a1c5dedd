import ArgumentParser
import RoostConfig

/// A duration with its unit, as in the configuration.
enum DurationArgument {
    @Sendable
    static func parse(_ text: String) throws -> Duration {
        guard let duration = DurationText.parse(text), duration > .zero else {
            throw ValidationError("'\(text)' is no duration: write a number with its unit, such as 500ms, 30s or 5m")
        }
        return duration
    }
}
