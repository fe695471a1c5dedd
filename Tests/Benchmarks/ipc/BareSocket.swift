import Glibc

/// The floor: blocking reads and writes of bare 64-byte messages. A message of zeros is echoed; a message that begins
/// with 1 is only counted; one that begins with 2 is echoed after all that were counted.
struct BareSocket {
    let descriptor: Int32

    /// Until the other side closes.
    func serve() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var held = 0
        while true {
            let count = buffer.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + held, $0.count - held)
            }
            guard count > 0 else { return }
            held += count
            var start = 0
            while held - start >= messageSize {
                if buffer[start] != 1 { write(buffer[start..<start + messageSize]) }
                start += messageSize
            }
            if start < held { buffer.replaceSubrange(0..<held - start, with: buffer[start..<held]) }
            held -= start
        }
    }

    func roundTrip(_ message: inout [UInt8]) {
        write(message[...])
        var held = 0
        while held < messageSize {
            let count = message.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + held, messageSize - held)
            }
            guard count > 0 else { fatalError("the bare peer is gone") }
            held += count
        }
    }

    /// Sends `count` messages of one write each, or as many as fit `batch` bytes a write, and waits for the echo that
    /// says they were taken.
    func sendMany(_ count: Int, batch: Int) {
        var one = [UInt8](repeating: 0, count: messageSize)
        one[0] = 1
        let perWrite = max(1, batch / messageSize)
        let many = [UInt8]((0..<perWrite).map { _ in one }.joined())
        var left = count
        while left >= perWrite {
            write(many[...])
            left -= perWrite
        }
        for _ in 0..<left { write(one[...]) }
        one[0] = 2
        roundTrip(&one)
    }

    private func write(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + sent, bytes.count - sent)
                guard count > 0 else { exit(0) }
                sent += count
            }
        }
    }
}
