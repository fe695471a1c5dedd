import Glibc

/// Round trips and one-way rate of Roost's wire through actors, beside a bare blocking Unix-domain socket, between two
/// processes, interleaved in one run. Prints one JSON object.
///
///     ipc-bench [ROUNDS [ROUND-TRIPS [EVENTS]]]
@main
enum Main {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst().map { String($0) }
        switch arguments.first {
        case "serve-bare": BareSocket(descriptor: 3).serve()
        case "serve-wire": serveWire(descriptor: 3)
        default:
            let numbers = arguments.compactMap { Int($0) }
            measure(
                rounds: numbers.first ?? 7,
                roundTrips: numbers.dropFirst().first ?? 20_000,
                events: numbers.dropFirst(2).first ?? 500_000
            )
        }
    }
}

/// Bytes of every message.
let messageSize = 64
