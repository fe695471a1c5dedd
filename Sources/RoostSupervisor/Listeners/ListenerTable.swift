import CLinux
import Glibc
import RoostConfig

/// A TCP port that could not be taken.
package struct ListenerError: Error, Equatable, CustomStringConvertible {
    package let name: String
    package let address: String
    package let code: Int32
    package let holder: String?

    package var description: String {
        let reason = String(cString: strerror(code))
        let who = holder.map { ", held by \($0)" } ?? ""
        let mend =
            switch code {
            case EADDRINUSE: "stop what holds it or choose another port"
            case EADDRNOTAVAIL: "choose an address that this host has"
            case EACCES: "choose a port above 1023 or use roost.socket"
            default: "choose another address"
            }
        return "\(name): cannot listen on \(address): \(reason)\(who); \(mend)"
    }
}

/// The host's listening sockets: bound once, held while workers come and go, so that a port never closes in between.
package final class ListenerTable {
    private struct Entry {
        let descriptor: Int32
        let address: ListenAddress
        var isInherited = false
    }

    private static let backlog: Int32 = 4096  // cut by the kernel to net.core.somaxconn

    private var entries: [String: Entry] = [:]
    private var inherited: [Entry] = []

    package init() {}

    deinit {
        for entry in entries.values { close(entry.descriptor) }
        for entry in inherited { close(entry.descriptor) }
    }

    /// Takes sockets that systemd has bound (socket activation), to be found by their address.
    package func inherit(_ descriptors: [Int32]) {
        for descriptor in descriptors {
            guard let address = ListenAddress(boundTo: descriptor),
                !entries.values.contains(where: { $0.address == address })  // it is held already
            else {
                close(descriptor)
                continue
            }
            inherited.append(Entry(descriptor: descriptor, address: address, isInherited: true))
        }
    }

    /// The sockets that were inherited and that no listener of the configuration has asked for.
    package var unusedInherited: [String] { inherited.map(\.address.description) }

    /// Whether systemd has given the listener's socket.
    package func isInherited(_ listener: Listener) -> Bool { entries[Self.key(listener)]?.isInherited ?? false }

    /// Takes over the listener's socket from the supervisor before, or from a worker that held it meanwhile; false if it
    /// is not that listener's.
    package func restore(_ listener: Listener, _ descriptor: Int32) -> Bool {
        guard entries[Self.key(listener)] == nil, let address = ListenAddress(boundTo: descriptor),
            address.address == listener.address.address,
            listener.address.port == 0 || address.port == listener.address.port
        else { return false }
        entries[Self.key(listener)] = Entry(descriptor: descriptor, address: address)
        return true
    }

    /// Whether the listener's socket is held.
    package func holds(_ listener: Listener) -> Bool { entries[Self.key(listener)] != nil }

    /// The descriptor of the listener, bound now if it was not. A listener keeps its name over a change of address:
    /// the old socket is closed by `retain`.
    ///
    /// - Throws: `ListenerError`.
    package func acquire(_ listener: Listener) throws(ListenerError) -> Int32 {
        let (key, address) = (Self.key(listener), listener.address)
        if let entry = entries[key] { return entry.descriptor }
        if let index = inherited.firstIndex(where: { $0.address == address }) {
            let entry = inherited.remove(at: index)
            entries[key] = entry
            return entry.descriptor
        }
        // A socket changes its name, as when two listeners exchange their ports: one socket, held under both names until
        // `retain` drops the old one.
        if address.port != 0, let other = entries.values.first(where: { $0.address == address }) {
            let copy = fcntl(other.descriptor, F_DUPFD_CLOEXEC, 3)
            guard copy >= 0 else {
                throw ListenerError(name: listener.name, address: address.description, code: errno, holder: nil)
            }
            entries[key] = Entry(descriptor: copy, address: address, isInherited: other.isInherited)
            return copy
        }
        let descriptor = try Self.bind(listener.name, address)
        entries[key] = Entry(descriptor: descriptor, address: address)
        return descriptor
    }

    /// Closes every listener that is not in the list.
    package func retain(only wanted: [Listener]) {
        let keys = Set(wanted.map(Self.key))
        for (key, entry) in entries where !keys.contains(key) {
            close(entry.descriptor)
            entries[key] = nil
        }
    }

    private static func key(_ listener: Listener) -> String { "\(listener.name) \(listener.address)" }

    private static func bind(_ name: String, _ address: ListenAddress) throws(ListenerError) -> Int32 {
        func failed(_ code: Int32) -> ListenerError {
            let holder = code == EADDRINUSE ? PortHolder.find(port: address.port) : nil
            return ListenerError(name: name, address: address.description, code: code, holder: holder)
        }
        let (descriptor, code) = address.withSocketAddress { family, pointer, length -> (Int32, Int32) in
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            let descriptor = socket(family, type, 0)
            guard descriptor >= 0 else { return (-1, errno) }
            var on: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
            if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, 4) }
            guard Glibc.bind(descriptor, pointer, length) == 0, listen(descriptor, backlog) == 0 else {
                let code = errno
                close(descriptor)
                return (-1, code)
            }
            return (descriptor, 0)
        }
        guard descriptor >= 0 else { throw failed(code) }
        return descriptor
    }
}
