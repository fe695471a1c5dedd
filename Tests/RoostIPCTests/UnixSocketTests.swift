import CLinux
import Glibc
import RoostIPC
import RoostProtocol
import RoostReactor
import RoostWire
import Testing

/// The traps of Unix-domain sockets, each with the answer that the field has settled on.
@Suite(.timeLimit(.minutes(5))) struct UnixSocketTests {
    @Test("a path of 107 bytes works, one of 108 is refused before the kernel cuts it short")
    func pathLength() async throws {
        try await withFolder { folder in
            let longest = folder + "/" + String(repeating: "s", count: 107 - folder.utf8.count - 1)
            _ = try UnixSocket.bind(longest)
            #expect(access(longest, F_OK) == 0)
            let tooLong = longest + "s"
            let error = #expect(throws: UnixSocket.BindError.pathTooLong(path: tooLong, length: 108)) {
                _ = try UnixSocket.bind(tooLong)
            }
            #expect(error?.description.contains("at most 107 work; choose a shorter directory") == true)
            #expect(access(tooLong, F_OK) != 0)
        }
    }

    @Test("a socket that a dead process left is replaced, a live one is not")
    func stale() async throws {
        try await withFolder { folder in
            let path = folder + "/a.sock"
            do { _ = try UnixSocket.bind(path) }  // closed at once; the file stays
            #expect(access(path, F_OK) == 0)
            let live = try UnixSocket.bind(path)
            #expect(throws: UnixSocket.BindError.inUse(path: path)) { _ = try UnixSocket.bind(path) }
            #expect(access(path, F_OK) == 0)
            #expect(live.number >= 0)
        }
    }

    @Test("a live socket whose backlog is full is not taken for a dead one")
    func fullBacklog() async throws {
        try await withFolder { folder in
            let path = folder + "/a.sock"
            let live = try UnixSocket.bind(path, backlog: 0)
            let waiting = try connect(path)
            #expect(throws: UnixSocket.BindError.inUse(path: path)) { _ = try UnixSocket.bind(path) }
            #expect(live.number >= 0)
            close(waiting)
        }
    }

    @Test("what is no socket is left alone")
    func notASocket() async throws {
        try await withFolder { folder in
            let path = folder + "/a.sock"
            close(try #require(Optional(open(path, O_CREAT | O_WRONLY, 0o600))))
            #expect(throws: UnixSocket.BindError.notASocket(path: path)) { _ = try UnixSocket.bind(path) }
            #expect(access(path, F_OK) == 0)
        }
    }

    @Test("a socket never has wider permissions than asked for, and is close-on-exec")
    func permissions() async throws {
        try await withFolder { folder in
            let socket = try UnixSocket.bind(folder + "/a.sock", mode: 0o660)
            var info = stat()
            #expect(stat(folder + "/a.sock", &info) == 0)
            #expect(info.st_mode & 0o777 == 0o660)
            #expect(fcntl(socket.number, F_GETFD) == FD_CLOEXEC)
        }
    }

    @Test("a directory that others may write is refused")
    func directory() async throws {
        try await withFolder { folder in
            let path = folder + "/run"
            try UnixSocket.prepareDirectory(path)
            try UnixSocket.prepareDirectory(path)
            var info = stat()
            #expect(stat(path, &info) == 0)
            #expect(info.st_mode & 0o777 == 0o700)
            chmod(path, 0o777)
            #expect(throws: SystemError.self) { try UnixSocket.prepareDirectory(path) }
        }
    }

    @Test("a write to a peer that is gone is the end of the connection, not of the process")
    func sigpipe() async throws {
        let closed = Box<RequestFailure?>()
        try await TestLoop.run { loop in
            let (left, right) = try TestLoop.pair()
            let handler = ConnectionHandler(closed: { _, failure in closed.send(failure) })
            let stream = try ReactorByteStream(Descriptor(owning: left), on: loop.reactor)
            close(right)
            // The hello goes to a closed socket; SIGPIPE would end the test run.
            let connection = Connection(stream, .dialler, identity: TestLoop.identity("client"), handler: handler)
            try? await connection.start()
            #expect(await closed.take()?.code == .unavailable)
        }
    }

    // The two below lower the process's limit of descriptors or count them, so each runs in a process of its own, where
    // a false precondition is what fails: reporting would need descriptors too.

    @Test("descriptors that do not fit are an error, and none stays open")
    func truncatedDescriptors() async {
        await #expect(processExitsWith: .success) {
            let (left, right) = try TestLoop.pair()
            precondition(roost_send_fds(left, [1], 1, [left, left, left], 3) == 1)
            precondition(receive(right, capacity: 2) == (-Int(EMSGSIZE), 0))
            precondition(descriptors(like: left) == 1)
            // What fits does arrive.
            precondition(roost_send_fds(left, [1], 1, [left, left], 2) == 1)
            precondition(receive(right, capacity: 2) == (1, 2))
            precondition(descriptors(like: left) == 3)
        }
    }

    @Test("descriptors that the process has no numbers left for are an error, and none stays open")
    func descriptorLimit() async {
        await #expect(processExitsWith: .success) {
            let (left, right) = try TestLoop.pair()
            precondition(roost_send_fds(left, [1], 1, [left, left, left, left], 4) == 1)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 64
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            // All numbers but one are taken, so that one of the four finds a place and three do not.
            var last: Int32 = -1
            while case let number = open("/dev/null", O_RDONLY | O_CLOEXEC), number >= 0 { last = number }
            close(last)
            let result = receive(right, capacity: 8)
            let copies = descriptors(like: left)
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            precondition(result == (-Int(EMSGSIZE), 0))
            precondition(copies == 1)
        }
    }
}

/// Receives one byte and descriptors; gives the result and how many came.
private func receive(_ socket: Int32, capacity: Int) -> (Int, Int32) {
    var byte: UInt8 = 0
    var descriptors = [Int32](repeating: -1, count: capacity)
    var count = Int32(capacity)
    let result = roost_receive_fds(socket, &byte, 1, &descriptors, &count)
    return (result, count)
}

/// How many descriptors of this process are the same open socket.
private func descriptors(like descriptor: Int32) -> Int {
    var wanted = stat()
    fstat(descriptor, &wanted)
    return (Int32(0)..<4096).count { number in
        var found = stat()
        return fstat(number, &found) == 0 && found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev
    }
}

/// A plain connected socket, blocking.
func connect(_ path: String) throws -> Int32 {
    let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    try #require(result == 0)
    return number
}
