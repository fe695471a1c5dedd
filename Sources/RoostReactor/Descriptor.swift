import Glibc

/// A file descriptor with one owner, closed when the owner goes.
package struct Descriptor: ~Copyable, Sendable {
    /// The number, for system calls that do not keep it.
    package let number: Int32

    /// Takes ownership of an open descriptor.
    package init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Gives the number to another owner, who closes it.
    package consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }
}

/// A file descriptor that several keep, closed when the last of them goes.
package final class SharedDescriptor: Sendable {
    /// The number, for system calls that do not keep it.
    package let number: Int32

    /// Takes ownership of an open descriptor.
    package init(owning number: Int32) { self.number = number }

    deinit { close(number) }
}
