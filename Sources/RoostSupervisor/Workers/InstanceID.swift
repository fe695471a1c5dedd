/// Names one instance of a worker: `proxy/0`.
package struct InstanceID: Sendable, Hashable, CustomStringConvertible {
    package let name: String
    package let instance: Int

    package init(name: String, instance: Int) {
        self.name = name
        self.instance = instance
    }

    package var description: String { "\(name)/\(instance)" }
}
