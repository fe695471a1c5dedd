import RoostIPC
package import RoostJSON
import RoostPolicy
import RoostProtocol

// The report as it is written: one JSON object. Everything that a process has said may be any bytes.
extension FlightReport {
    /// - Parameter core: what the kernel does at a crash; nil: unknown.
    package func json(core: CorePattern?) -> JSONObject {
        let output = log.tape?.last(Int(LogTape.kept)) ?? []
        var report: JSONObject = [
            "format": .integer(1), "name": .string(id.name), "instance": .integer(Int64(id.instance)),
            "at": .string(at.description),
        ]
        if exit != nil { report["pid"] = .integer(Int64(log.pid)) }
        report["record"] = record.map { .integer(Int64(clamping: $0)) } ?? .null
        report["exit"] = exit.map { .object($0.json) } ?? .null
        report["cause"] = .object(["kind": .string(cause.kind.rawValue), "sentence": .string(cause.sentence)])
        report["generation"] = .integer(Int64(clamping: generation))
        report["executable"] = .object(executable)
        if exit != nil {
            report["core"] = .object(coreObject(core))
            report["at_death"] = .object(atDeath)
            report["figures"] = .array(figures)
            report["messages_seen"] = .integer(Int64(clamping: log.frames.total))
            report["messages"] = .array(log.frames.entries.map { .object(message($0)) })
            report["backtrace"] = .object(Self.backtrace(output))
        }
        report["output_written"] = log.tape.map { .integer(Int64(clamping: $0.end)) } ?? .null
        report["output_bytes"] = .integer(Int64(output.count))
        report["output"] = .string(String(decoding: output, as: UTF8.self))
        return report
    }

    private var executable: JSONObject {
        var object: JSONObject = ["path": .string(log.path), "version": .string(log.version)]
        if let stamp {
            object["device"] = .integer(Int64(clamping: stamp.device))
            object["inode"] = .integer(Int64(clamping: stamp.inode))
            object["size"] = .integer(Int64(clamping: stamp.size))
            let (seconds, overflow) = Int64(clamping: stamp.seconds).multipliedReportingOverflow(by: 1_000_000_000)
            if !overflow { object["modified"] = .string(WallTime(nanoseconds: seconds).description) }
        }
        return object
    }

    private func coreObject(_ pattern: CorePattern?) -> JSONObject {
        var object: JSONObject = ["pattern": pattern.map { .string($0.text) } ?? .null]
        object["dumped"] = log.hasDumpedCore.map { .bool($0) } ?? .null
        if log.hasDumpedCore == true { object["place"] = .string(pattern?.place(pid: log.pid) ?? "unknown") }
        return object
    }

    private static func backtrace(_ output: [UInt8]) -> JSONObject {
        if let text = CrashText.backtrace(in: output) {
            return ["found": .bool(true), "text": .string(String(decoding: text, as: UTF8.self))]
        }
        let note = "the process has written none; SWIFT_BACKTRACE=enable=yes,tty=no has a Swift program write one"
        return ["found": .bool(false), "note": .string(note)]
    }
}

// MARK: - Figures

extension FlightReport {
    private func age(_ instant: MonotonicInstant) -> JSONValue { Self.seconds(instant.duration(to: self.instant)) }

    private static func seconds(_ duration: Duration) -> JSONValue {
        .number(Double(duration.wholeNanoseconds / 1000) / 1e6)
    }

    private var atDeath: JSONObject {
        var object: JSONObject = [
            "plain": .bool(log.isPlain), "adopted": .bool(log.isAdopted),
            "uptime_seconds": log.spawnedAt.map { age($0) } ?? .null,
            "heartbeat_age_seconds": log.heartbeat.map { age($0.at) } ?? .null,
            "loop_lag_seconds": log.heartbeat.map { Self.seconds($0.lag) } ?? .null,
        ]
        if let last = log.samples[log.samples.last] {
            for member in sample(last).members where member.key != "age_seconds" { object[member.key] = member.value }
            object["sample_age_seconds"] = age(last.at)
        }
        return object
    }

    /// The oldest first.
    private var figures: [JSONValue] {
        (log.samples.first..<log.samples.last + 1).compactMap { log.samples[$0] }.map { .object(sample($0)) }
    }

    private func sample(_ sample: FlightLog.Sample) -> JSONObject {
        [
            "age_seconds": age(sample.at), "resident_bytes": .integer(Int64(sample.figures.residentBytes)),
            "cpu_seconds": .number(sample.figures.cpuSeconds), "threads": .integer(Int64(sample.figures.threads)),
            "descriptors": sample.descriptors.map { .integer(Int64($0)) } ?? .null,
        ]
    }
}

// MARK: - Messages

extension FlightReport {
    private func message(_ frame: FrameTrace.Entry) -> JSONObject {
        var object: JSONObject = [
            "age_seconds": age(frame.at), "direction": .string(frame.direction.rawValue), "kind": .string(frame.kind),
        ]
        if frame.method != .unspecified { object["method"] = .string(Self.name(frame.method)) }
        if frame.id != 0 { object["id"] = .integer(Int64(frame.id)) }
        object["bytes"] = .integer(Int64(frame.length))
        if let summary = Self.summary(frame) {
            object["summary"] = .string(summary)
        } else if !frame.bytes.isEmpty, frame.method != .prepare {  // a configuration may hold what is not for reports
            object["first_bytes"] = .string(frame.bytes.hexadecimal)
        }
        return object
    }

    private static func name(_ method: Method) -> String {
        if case .unrecognized(let number) = method { "\(number)" } else { "\(method)" }
    }

    /// What a whole message that fits says; nil: it does not, or cannot be read.
    private static func summary(_ frame: FrameTrace.Entry) -> String? {
        guard frame.length == frame.bytes.count, frame.direction == .received else { return nil }
        switch (frame.kind, frame.method) {
        case ("hello", _):
            guard let hello = try? Hello(decoding: frame.bytes) else { return nil }
            return "\(hello.name)/\(hello.instance), pid \(hello.pid), version \(hello.executableVersion), "
                + "generation \(hello.generation)"
        case ("event", .heartbeat):
            guard let heartbeat = try? Heartbeat(decoding: frame.bytes) else { return nil }
            let progress = heartbeat.progress.map { ", \($0.name): \($0.completed) done, \($0.pending) pending" }
            return "sequence \(heartbeat.sequence), loop lag \(heartbeat.loopLagNs) ns, oldest request "
                + "\(heartbeat.oldestRequestAgeMs) ms" + progress.joined()
        case ("event", .parked): return (try? Parked(decoding: frame.bytes))?.reason
        case ("event", .signaled):
            return (try? Signaled(decoding: frame.bytes)).map { "\(SignalName.of($0.signal)) of pid \($0.senderPid)" }
        default: return nil
        }
    }
}
