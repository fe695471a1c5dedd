import CLinux
import CSystemd
import Glibc

/// A descriptor that the service manager handed over at start: by socket activation or from the store
/// (sd_listen_fds(3)).
package struct InheritedDescriptor: Equatable, Sendable {
    /// The number, from 3 on. Nobody owns it yet: who takes it closes it.
    package let number: Int32
    /// `FileDescriptorName=` of the socket unit or FDNAME of the store; several may share one. `unknown` without
    /// names.
    package let name: String

    /// The descriptors that are meant for this process, all close-on-exec and non-blocking from now on: systemd binds
    /// blocking sockets, on which an event loop would sleep in its second accept(2). Takes `LISTEN_PID`, `LISTEN_FDS` and
    /// `LISTEN_FDNAMES` out of the environment, so a second call finds none.
    ///
    /// - Throws: `InheritanceError` when the variables are malformed or name descriptors that are not open.
    package static func takeAll() throws(InheritanceError) -> [InheritedDescriptor] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe sd_listen_fds_with_names(1, &names)
        guard count >= 0 else { throw InheritanceError(code: -count) }
        defer { unsafe free(names) }
        return (0..<count).map { index in
            // The array and each string in it come from malloc; there are `count` of them.
            let name = unsafe names?[Int(index)]
            defer { unsafe free(name) }
            _ = roost_set_nonblocking(3 + index, true)  // fails for what cannot block anyhow
            return unsafe InheritedDescriptor(number: 3 + index, name: name.map { unsafe String(cString: $0) } ?? "")
        }
    }
}

/// Why inherited descriptors could not be taken.
package struct InheritanceError: Error, Equatable, CustomStringConvertible {
    /// The errno value: EINVAL for malformed variables, EBADF for a descriptor that is not open.
    package let code: Int32

    package var description: String {
        unsafe "LISTEN_FDS: \(String(cString: strerror(code))); start the process with its socket unit, or unset it"
    }
}
