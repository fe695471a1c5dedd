import Glibc
import RoostTestSupport
import Synchronization

/// A backend: every connection has a thread that answers each request with the text, once the gate is open.
final class Origin: Sendable {
    let port: UInt16
    let asked = Counter()
    private let listener: Int32
    private let gate = Atomic<Bool>(true)

    init(_ body: String, isOpen: Bool = true) throws {
        port = Ports.free()
        guard let listener = Ports.bound(to: port) else { throw TestFailure("port \(port) was taken meanwhile") }
        self.listener = listener
        gate.store(isOpen, ordering: .sequentiallyConsistent)
        startThread { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                startThread { [self] in serve(descriptor, body) }
            }
        }
    }

    /// Lets the answers out.
    func open() { gate.store(true, ordering: .sequentiallyConsistent) }

    func stop() {
        open()
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func serve(_ descriptor: Int32, _ body: String) {
        defer { close(descriptor) }
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            pending += buffer[..<count]
            guard pending.suffix(4) == [13, 10, 13, 10] else { continue }
            pending = []
            asked.add()
            while !gate.load(ordering: .sequentiallyConsistent) { usleep(5000) }
            let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
            guard send(descriptor, answer, answer.count, Int32(MSG_NOSIGNAL)) == answer.count else { return }
        }
    }

    /// A rule that sends everything here.
    func rule(_ name: String, priority: Int = 0) -> String {
        "name: \(name)\npriority: \(priority)\nbackends: [{ url: \"http://127.0.0.1:\(port)\" }]\n"
    }
}
