import CLinux
import Glibc
import RoostConfig

/// A TCP port that could not be taken.
package struct ListenerError: Error, Equatable, CustomStringConvertible {
    package let name: String
    package let address: String
    package let code: Int32
    package let holder: String?
    /// What to do, where it does not follow from the code.
    package var advice: String?

    package var description: String {
        let reason = String(cString: strerror(code))
        let who = holder.map { ", held by \($0)" } ?? ""
        let mend =
            switch code {
            case _ where advice != nil: advice ?? ""
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
        /// False: bound only, nobody can connect yet.
        var listens = true
    }

    private static let backlog: Int32 = 4096  // cut by the kernel to net.core.somaxconn

    private var entries: [String: Entry] = [:]
    private var inherited: [Entry] = []

    package init() {}

    deinit {
        for entry in entries.values { close(entry.descriptor) }
        for entry in inherited { close(entry.descriptor) }
    }

    /// Takes sockets that systemd has bound (socket activation), to be found by their address. What is no listening
    /// TCP socket is closed.
    ///
    /// - Returns: of each that was closed what it is and what to do.
    package func inherit(_ sockets: [InheritedSocket]) -> [String] {
        sockets.compactMap { socket in
            let obstacle = socket.obstacle
            guard obstacle == nil, let address = ListenAddress(boundTo: socket.number),
                !entries.values.contains(where: { $0.address == address })  // it is held already
            else {
                close(socket.number)
                return obstacle
            }
            inherited.append(Entry(descriptor: socket.number, address: address, isInherited: true))
            return nil
        }
    }

    /// The sockets that were inherited and that no listener of the configuration has asked for.
    package var unusedInherited: [String] { inherited.map(\.address.description) }

    /// Whether systemd has given the listener's socket.
    package func isInherited(_ listener: Listener) -> Bool { entries[Self.key(listener)]?.isInherited ?? false }

    /// Takes over the listener's socket from the supervisor before, or from a worker that held it meanwhile; false if it
    /// is not that listener's.
    package func restore(_ listener: Listener, _ descriptor: Int32) -> Bool {
        guard entries[Self.key(listener)] == nil,
            InheritedSocket(number: descriptor, name: listener.name).obstacle == nil,
            let address = ListenAddress(boundTo: descriptor),
            address.address == listener.address.address,
            listener.address.port == 0 || address.port == listener.address.port
        else { return false }
        entries[Self.key(listener)] = Entry(descriptor: descriptor, address: address)
        return true
    }

    /// Whether the listener's socket is held.
    package func holds(_ listener: Listener) -> Bool { entries[Self.key(listener)] != nil }

    /// The descriptor of the listener, bound now if it was not, and listening. A listener keeps its name over a change of
    /// address: the old socket is closed by `retain`.
    ///
    /// - Throws: `ListenerError`.
    package func acquire(_ listener: Listener) throws(ListenerError) -> Int32 {
        let descriptor = try reserve(listener)
        try listen(Self.key(listener), as: listener.name)
        return descriptor
    }

    /// Takes a listener that may become wanted, as `acquire` does; but one that overlaps another of ours, 0.0.0.0:8080
    /// beside 127.0.0.1:8080, is bound only: it would take the other's callers although nobody serves it yet.
    ///
    /// - Throws: `ListenerError`.
    @discardableResult
    package func reserve(_ listener: Listener) throws(ListenerError) -> Int32 {
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
        let rivals = entries.values.filter { $0.address != address && $0.address.conflicts(with: address) }
        for rival in rivals { Self.sharePort(rival.descriptor, true) }
        let descriptor = try Self.bind(listener.name, address, besides: rivals)
        entries[key] = Entry(descriptor: descriptor, address: address, listens: rivals.isEmpty)
        return descriptor
    }

    /// Closes every listener that is not in the list; the others listen.
    package func retain(only wanted: [Listener]) {
        for listener in wanted where entries[Self.key(listener)]?.listens == false {
            // It is bound: only memory can be lacking, and then the next worker's start tries again and says so.
            try? listen(Self.key(listener), as: listener.name)
        }
        let keys = Set(wanted.map(Self.key))
        for (key, entry) in entries where !keys.contains(key) {
            close(entry.descriptor)
            entries[key] = nil
        }
        for entry in entries.values where entry.listens { Self.sharePort(entry.descriptor, false) }
    }

    private func listen(_ key: String, as name: String) throws(ListenerError) {
        guard let entry = entries[key], !entry.listens else { return }
        guard Glibc.listen(entry.descriptor, Self.backlog) == 0 else {
            throw ListenerError(name: name, address: entry.address.description, code: errno, holder: nil)
        }
        entries[key]?.listens = true
    }

    /// Lets a socket of this process overlap another one of the same user (socket(7), SO_REUSEPORT), or ends that. Both
    /// have to have it when the second is bound and when it listens; who is connected or waits notices nothing. So a
    /// listener goes from 127.0.0.1:8080 to 0.0.0.0:8080, or back, and the port is open at every moment: the kernel gives
    /// a caller to the socket with the more specific address as long as that is open. Only who was still in the
    /// backlog of the old socket when its last holder closed it is reset, as at any change of a listener's address.
    private static func sharePort(_ descriptor: Int32, _ wanted: Bool) {
        var value: Int32 = wanted ? 1 : 0
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &value, 4)
    }

    private static func key(_ listener: Listener) -> String { "\(listener.name) \(listener.address)" }

    /// - Parameter rivals: Overlapping sockets of ours, which allow it; with them, the new one does not listen yet.
    private static func bind(
        _ name: String,
        _ address: ListenAddress,
        besides rivals: [Entry]
    ) throws(ListenerError) -> Int32 {
        func failed(_ code: Int32) -> ListenerError {
            let holder = code == EADDRINUSE ? PortHolder.find(port: address.port) : nil
            var error = ListenerError(name: name, address: address.description, code: code, holder: holder)
            // Another user's socket, such as one that systemd has bound, cannot be overlapped.
            if code == EADDRINUSE, let rival = rivals.first(where: \.isInherited) {
                error.advice = "roost.socket holds \(rival.address): change it there, restart roost.socket and roostd"
            } else if code == EADDRINUSE, let rival = rivals.first {
                error.advice = "it overlaps \(rival.address) of roostd itself: restart roostd or choose another port"
            }
            return error
        }
        let (descriptor, code) = address.withSocketAddress { family, pointer, length -> (Int32, Int32) in
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            let descriptor = socket(family, type, 0)
            guard descriptor >= 0 else { return (-1, errno) }
            var on: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
            if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, 4) }
            if !rivals.isEmpty { sharePort(descriptor, true) }
            let isBound = Glibc.bind(descriptor, pointer, length) == 0
            guard isBound, !rivals.isEmpty || Glibc.listen(descriptor, backlog) == 0 else {
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
