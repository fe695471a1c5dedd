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

    @Test("inherited sockets are found by their address; what is no TCP socket is closed")
    func inherit() throws {
        let giver = ListenerTable()
        let original = try giver.acquire(try listener(0))
        let taken = try #require(port(of: original))
        let table = ListenerTable()
        let given = dup(original)
        table.inherit([given, open("/dev/null", O_RDONLY)])
        #expect(table.unusedInherited == ["127.0.0.1:\(taken)"])
        let wanted = try listener(taken)
        #expect(try table.acquire(wanted) == given)
        #expect(table.isInherited(wanted))
        #expect(table.unusedInherited.isEmpty)
    }
}
