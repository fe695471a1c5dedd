import Foundation
import Glibc

/// A backend: a thread per connection, which runs what the test gives.
final class Origin: @unchecked Sendable {  // state behind the lock
    let port: UInt16
    private let listener: Int32
    private let lock = NSLock()
    private var sockets: [Socket] = []
    private var threads = 0
    private var isStopped = false
    private var acceptedCount = 0
    private var heads: [String] = []

    /// `serve` is called once per connection, on a thread of its own; the connection ends when it returns.
    init(_ serve: @escaping @Sendable (Origin, Socket) -> Void) {
        (listener, port) = listen()
        let listener = listener
        Thread.detachNewThread { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                let socket = Socket(owning: descriptor)
                guard admit(socket) else { break }
                Thread.detachNewThread { [self] in
                    serve(self, socket)
                    socket.shutDown()
                    lock.withLock { threads -= 1 }
                }
            }
            close(listener)
        }
    }

    /// Answers every request on every connection with what `answer` gives for its head; bodies are read first.
    convenience init(answering answer: @escaping @Sendable (_ head: String, _ body: [UInt8]) -> String) {
        self.init { origin, socket in
            while let head = socket.readHead() {
                origin.note(head)
                guard let body = readBody(of: head, from: socket) else { return }
                let text = answer(head, body)
                guard socket.write(text), !text.lowercased().contains("connection: close") else { return }
            }
        }
    }

    private func admit(_ socket: Socket) -> Bool {
        lock.withLock {
            guard !isStopped else { return false }
            acceptedCount += 1
            threads += 1
            sockets.append(socket)
            return true
        }
    }

    /// Keeps a head for the test to look at.
    func note(_ head: String) { lock.withLock { heads.append(head) } }

    var recordedHeads: [String] { lock.withLock { heads } }
    var accepted: Int { lock.withLock { acceptedCount } }

    /// Ends every connection and accepts no more.
    func stop() {
        let open = lock.withLock {
            isStopped = true
            return sockets
        }
        shutdown(listener, Int32(SHUT_RDWR))
        for socket in open { socket.shutDown() }
    }
}

/// Reads a request's or a response's body by its head; nil if it was cut off.
func readBody(of head: String, from socket: Socket) -> [UInt8]? {
    if let length = field("content-length", of: head).flatMap({ Int($0) }) { return socket.read(exactly: length) }
    guard field("transfer-encoding", of: head)?.lowercased() == "chunked" else { return [] }
    var body: [UInt8] = []
    while true {
        guard let line = socket.readLine(), let size = Int(line, radix: 16) else { return nil }
        if size == 0 { return socket.readLine() == "" ? body : nil }
        guard let data = socket.read(exactly: size), socket.readLine() == "" else { return nil }
        body += data
    }
}

/// The value of the only field of that name, or nil.
func field(_ name: String, of head: String) -> String? {
    let values = fields(name, of: head)
    return values.count == 1 ? values[0] : nil
}

func fields(_ name: String, of head: String) -> [String] {
    head.components(separatedBy: "\r\n").dropFirst().compactMap { line in
        guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else { return nil }
        return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
}

func okay(_ body: String, _ fields: String = "") -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
}
