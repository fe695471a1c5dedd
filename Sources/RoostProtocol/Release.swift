/// The version of all programs of this package, as they tell it in hello and welcome and by `--version`.
package enum Release {
    package static let version = "0.1.0"
}
