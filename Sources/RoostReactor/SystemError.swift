import Glibc

/// A system call that failed: which, on what, and why.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call's name as in its man page, `bind` for instance.
    package let call: String
    /// What the call was about: a path, an address, a name; empty if nothing helps.
    package let subject: String
    /// The positive `errno` value (errno(3)).
    package let code: Int32

    package init(_ call: String, _ subject: String = "", code: Int32) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    package var description: String {
        let reason = String(cString: strerror(code))
        return subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)"
    }
}
