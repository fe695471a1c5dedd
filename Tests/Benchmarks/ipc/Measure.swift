import CLinux
import Glibc
import RoostIPC
import RoostProtocol
import RoostReactor

/// Runs all rounds on this thread and prints the figures.
func measure(rounds: Int, roundTrips: Int, events: Int) {
    guard let reactor = try? Reactor() else { fatalError("no reactor") }
    reactor.becomeProcessExecutor()
    let bench = Bench(reactor)
    reactor.start {
        do {
            try await bench.run(rounds: rounds, roundTrips: roundTrips, events: events)
        } catch {
            fatalError("\(error)")
        }
        reactor.stop()
    }
    reactor.run()
}

actor Bench {
    nonisolated let reactor: Reactor
    nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    init(_ reactor: Reactor) { self.reactor = reactor }

    func run(rounds: Int, roundTrips: Int, events: Int) async throws {
        let bare = BareSocket(descriptor: spawnPeer("serve-bare"))
        let descriptor = spawnPeer("serve-wire")
        roost_set_nonblocking(descriptor, true)
        let stream = try ReactorByteStream(Descriptor(owning: descriptor), on: reactor)
        let wire = Connection(stream, .dialler, identity: identity("bench"))
        try await wire.open()
        _ = await wireRoundTrips(wire, 1000)
        _ = bareRoundTrips(bare, 1000)

        var trips: [(bare: Int64, wire: Int64)] = []
        var rates: [(bare: Double, batched: Double, wire: Double)] = []
        for _ in 0..<rounds {
            trips.append((bareRoundTrips(bare, roundTrips), await wireRoundTrips(wire, roundTrips)))
            let single = rate(events) { bare.sendMany(events, batch: messageSize) }
            let batched = rate(events) { bare.sendMany(events, batch: 32 << 10) }
            let start = roost_monotonic_now()
            try await wireEvents(wire, events)
            rates.append((single, batched, Double(events) * 1e9 / Double(roost_monotonic_now() - start)))
        }
        await wire.close()
        report(trips, rates)
    }

    /// The median of single round trips in nanoseconds.
    private func bareRoundTrips(_ bare: BareSocket, _ count: Int) -> Int64 {
        var message = [UInt8](repeating: 0, count: messageSize)
        var times: [Int64] = []
        times.reserveCapacity(count)
        for _ in 0..<count {
            let start = roost_monotonic_now()
            bare.roundTrip(&message)
            times.append(roost_monotonic_now() - start)
        }
        return median(times)
    }

    private func wireRoundTrips(_ wire: Connection, _ count: Int) async -> Int64 {
        let message = [UInt8](repeating: 0, count: messageSize)
        var times: [Int64] = []
        times.reserveCapacity(count)
        for _ in 0..<count {
            let start = roost_monotonic_now()
            guard let reply = try? await wire.request(.status, message), reply.count == messageSize else {
                fatalError("the wire peer is gone")
            }
            times.append(roost_monotonic_now() - start)
        }
        return median(times)
    }

    private func wireEvents(_ wire: Connection, _ count: Int) async throws {
        let message = [UInt8](repeating: 1, count: messageSize)
        for _ in 0..<count {
            if await wire.pendingOutput > 192 << 10 { await wire.drained() }
            try await wire.sendEvent(.heartbeat, message)
        }
        _ = try await wire.request(.status, message)
    }

    private func rate(_ count: Int, _ body: () -> Void) -> Double {
        let start = roost_monotonic_now()
        body()
        return Double(count) * 1e9 / Double(roost_monotonic_now() - start)
    }

    /// Starts this program again as a peer; gives the socket to it.
    private func spawnPeer(_ role: String) -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            fatalError("socketpair: \(errno)")
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("ipc-bench"), strdup(role), nil]
        var request = roost_spawn_request()
        var result = roost_spawn_result()
        let descriptors: [Int32] = [0, 1, 2, ends[1]]
        request.oom_score_adjust = .min
        let status = arguments.withUnsafeMutableBufferPointer { arguments in
            descriptors.withUnsafeBufferPointer { descriptors in
                "/proc/self/exe".withCString { path in
                    request.path = path
                    request.arguments = UnsafePointer(arguments.baseAddress)
                    request.environment = roost_environment()
                    request.fds = descriptors.baseAddress
                    request.fd_count = Int32(descriptors.count)
                    return roost_spawn(&request, &result)
                }
            }
        }
        for argument in arguments { free(argument) }
        guard status == 0 else { fatalError("spawn: step \(result.step), errno \(result.error)") }
        close(ends[1])
        return ends[0]
    }
}

func median<Value: Comparable>(_ values: [Value]) -> Value { values.sorted()[values.count / 2] }

func report(_ trips: [(bare: Int64, wire: Int64)], _ rates: [(bare: Double, batched: Double, wire: Double)]) {
    func number(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }
    let ratios = trips.map { Double($0.wire) / Double($0.bare) }
    print(
        """
        {
          "message_bytes": \(messageSize), "rounds": \(trips.count),
          "round_trip_us": {"bare": \(number(Double(median(trips.map(\.bare))) / 1e3)), \
        "wire": \(number(Double(median(trips.map(\.wire))) / 1e3)), "ratio": \(number(median(ratios))), \
        "ratios": [\(ratios.map(number).joined(separator: ", "))]},
          "one_way_per_second": {"bare_write_each": \(Int(median(rates.map(\.bare)))), \
        "bare_32KiB_writes": \(Int(median(rates.map(\.batched)))), "wire": \(Int(median(rates.map(\.wire)))), \
        "ratio_to_write_each": \(number(median(rates.map { $0.wire / $0.bare })))}
        }
        """
    )
}
