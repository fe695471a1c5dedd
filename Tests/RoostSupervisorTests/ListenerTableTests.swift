import Glibc
import RoostConfig
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct ListenerTableTests {
    private func listener(
        _ port: UInt16,
        _ name: String = "proxy.listen",
        _ host: String = "127.0.0.1"
    ) throws -> Listener {
        let address = try #require(IPAddress(host))
        return Listener(name: name, address: ListenAddress(address: address, port: port))
    }

    private func port(of descriptor: Int32) -> UInt16? { ListenAddress(boundTo: descriptor)?.port }

    @Test("a listener is bound once and keeps its descriptor", arguments: ["127.0.0.1", "::1"])
    func bind(host: String) throws {
        let table = ListenerTable()
        let listener = try listener(0, "proxy.listen", host)
        let descriptor = try table.acquire(listener)
        #expect(try table.acquire(listener) == descriptor)
        #expect(ListenAddress(boundTo: descriptor)?.address == listener.address.address)
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        #expect(!table.isInherited(listener))
    }

    @Test("a port that is taken names its address and who holds it")
    func inUse() throws {
        let holder = ListenerTable()
        let taken = try #require(port(of: try holder.acquire(try listener(0))))
        let error = #expect(throws: ListenerError.self) { _ = try ListenerTable().acquire(try listener(taken)) }
        let text = try #require(error?.description)
        #expect(text.hasPrefix("proxy.listen: cannot listen on 127.0.0.1:\(taken): Address already in use"))
        #expect(text.contains("(pid \(getpid()))"))
    }

    @Test("an address that this host does not have is said to be none, with a mend")
    func absent() throws {
        let error = #expect(throws: ListenerError.self) {
            _ = try ListenerTable().acquire(try listener(0, "x", "192.0.2.1"))
        }
        #expect(error?.code == EADDRNOTAVAIL)
        #expect(error?.description.hasSuffix("choose an address that this host has") == true)
        let words = [EACCES, EINVAL].map { ListenerError(name: "n", address: "a", code: $0, holder: nil).description }
        #expect(Set(words).count == 2)
    }

    @Test("what is not wanted any more is closed, the others stay")
    func retain() throws {
        let table = ListenerTable()
        let (one, two) = (try listener(Ports.free(), "a"), try listener(Ports.free(), "b"))
        let (kept, dropped) = (try table.acquire(one), try table.acquire(two))
        table.retain(only: [one])
        #expect(try table.acquire(one) == kept)
        #expect(ListenAddress(boundTo: dropped)?.port != two.address.port)
    }

    @Test("two listeners can exchange their ports without giving them up")
    func exchange() throws {
        let table = ListenerTable()
        let (first, second) = (Ports.free(), Ports.free())
        for (name, port) in [("a", first), ("b", second)] { _ = try table.acquire(try listener(port, name)) }
        let wanted = [try listener(second, "a"), try listener(first, "b")]
        let descriptors = try wanted.map(table.acquire)
        table.retain(only: wanted)
        #expect(descriptors.map { port(of: $0) } == [second, first])
    }

    private static let widenings = [
        ("127.0.0.1", "0.0.0.0"), ("0.0.0.0", "127.0.0.1"), ("::1", "::"), ("::", "::1"),
    ]

    @Test("a listener is widened or narrowed with its port open at every moment", arguments: widenings)
    func overlap(from: String, to: String) throws {
        let table = ListenerTable()
        let old = try listener(Ports.free(), "a", from)
        let port = old.address.port
        let before = try table.acquire(old)
        let client = from.contains(":") ? "::1" : "127.0.0.1"
        let wanted = try listener(port, "a", to)
        // Reserved: the old one still gets every caller.
        let after = try table.reserve(wanted)
        #expect(after != before)
        for _ in 0..<8 { #expect(try reaches(client, port, before)) }
        // Refused after all: nothing has changed, and nobody can share the port.
        table.retain(only: [old])
        #expect(try reaches(client, port, before))
        #expect(!sharesPort(before))
        // Accepted: between here and `retain` both are there, and then the new one.
        let descriptor = try table.acquire(wanted)
        #expect(try reaches(client, port, before) || reaches(client, port, descriptor))
        table.retain(only: [wanted])
        for _ in 0..<8 { #expect(try reaches(client, port, descriptor)) }
        #expect(!sharesPort(descriptor))
        #expect(try table.acquire(wanted) == descriptor)
    }

    @Test("a reserved listener listens when it is retained, also if no worker was started with it")
    func retainReserved() throws {
        let table = ListenerTable()
        let old = try listener(Ports.free())
        _ = try table.acquire(old)
        let wanted = try listener(old.address.port, "proxy.listen", "0.0.0.0")
        let descriptor = try table.reserve(wanted)
        table.retain(only: [wanted])
        #expect(try reaches("127.0.0.1", old.address.port, descriptor))
    }

    @Test("a socket of another user that is overlapped is told to be roost.socket's, with what to do")
    func overlapInherited() throws {
        let giver = ListenerTable()
        let old = try listener(Ports.free())
        // As systemd's socket is another user's to the kernel, a second owner in this process keeps it unshared.
        let given = dup(try giver.acquire(old))
        let table = ListenerTable()
        #expect(table.inherit([InheritedSocket(number: given, name: "proxy.listen")]) == [])
        _ = try table.acquire(old)
        let stranger = try #require(try sharedStranger(on: old.address.port))
        defer { close(stranger) }
        let error = #expect(throws: ListenerError.self) {
            try table.reserve(try listener(old.address.port, "proxy.listen", "0.0.0.0"))
        }
        let advice = "roost.socket holds \(old.address): change it there"
        #expect(error?.description.contains(advice) == true)
        #expect(try reaches("127.0.0.1", old.address.port, given))
    }

    /// A socket without SO_REUSEPORT in the way of every wildcard on the port.
    private func sharedStranger(on port: UInt16) throws -> Int32? {
        let address = ListenAddress(address: try #require(IPAddress("127.0.0.2")), port: port)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        return address.withSocketAddress { Glibc.bind(descriptor, $1, $2) } == 0 ? descriptor : nil
    }

    private func sharesPort(_ descriptor: Int32) -> Bool {
        var (value, length) = (Int32(0), socklen_t(4))
        getsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &value, &length)
        return value != 0
    }

    /// Whether a caller can connect, and is given to that socket.
    private func reaches(_ host: String, _ port: UInt16, _ descriptor: Int32) throws -> Bool {
        let address = ListenAddress(address: try #require(IPAddress(host)), port: port)
        let client = socket(address.address.isVersion6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        try #require(address.withSocketAddress { connect(client, $1, $2) } == 0)
        let accepted = accept(descriptor, nil, nil)  // listeners do not block; a connected caller is in the queue
        guard accepted >= 0 else { return false }
        close(accepted)
        return true
    }

    @Test("inherited sockets are found by their address")
    func inherit() throws {
        let giver = ListenerTable()
        let original = try giver.acquire(try listener(0))
        let taken = try #require(port(of: original))
        let table = ListenerTable()
        let given = dup(original)
        #expect(table.inherit([InheritedSocket(number: given, name: "proxy.listen")]) == [])
        #expect(table.unusedInherited == ["127.0.0.1:\(taken)"])
        let wanted = try listener(taken)
        #expect(try table.acquire(wanted) == given)
        #expect(table.isInherited(wanted))
        #expect(table.unusedInherited.isEmpty)
    }

    /// A descriptor, and what is said of it.
    private static func strangers() throws -> [(number: Int32, words: String)] {
        func bound(_ family: Int32, _ type: __socket_type) throws -> Int32 {
            let descriptor = socket(family, Int32(type.rawValue), 0)
            let host = try #require(IPAddress(family == AF_INET ? "127.0.0.1" : "::1"))
            let address = ListenAddress(address: host, port: 0)
            try #require(address.withSocketAddress { Glibc.bind(descriptor, $1, $2) } == 0)
            return descriptor
        }
        return [
            (try bound(AF_INET, SOCK_DGRAM), "a UDP socket on 127.0.0.1:"),
            (try bound(AF_INET6, SOCK_DGRAM), "a UDP socket on [::1]:"),
            (try bound(AF_INET, SOCK_STREAM), "a TCP socket that does not listen on 127.0.0.1:"),
            (socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0), "a Unix-domain socket"),
            (open("/dev/null", O_RDONLY), "no socket"),
        ]
    }

    @Test("what is no listening TCP socket is named and closed, and never becomes a listener")
    func inheritStrangers() throws {
        for (number, words) in try Self.strangers() {
            let port = port(of: number) ?? 0
            let table = ListenerTable()
            let problems = table.inherit([InheritedSocket(number: number, name: "given")])
            #expect(problems.count == 1)
            let start = "systemd gave the descriptor \(number) (given), which is \(words)"
            #expect(problems.first?.hasPrefix(start) == true)
            #expect(fcntl(number, F_GETFD) == -1)
            #expect(table.unusedInherited.isEmpty)
            guard port != 0, words.contains("127") else { continue }
            let listener = try listener(port)
            let descriptor = try table.acquire(listener)
            #expect(!table.isInherited(listener) && ListenAddress(boundTo: descriptor)?.port == port)
        }
    }
}
