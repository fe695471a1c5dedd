import CLinux
import RoostIPC
import RoostPolicy
import RoostReactor

// Reports about what has ended badly.
extension WorkerHandle {
    var now: WallTime { WallTime(nanoseconds: roost_wall_now()) }

    /// The cause of an end, which names the report if the end was one that nobody wanted.
    ///
    /// - Parameters:
    ///   - exit: nil: no process has come up.
    ///   - told: what the process was told to end for, if it was.
    func reporting(
        _ cause: Cause,
        _ exit: LastExit? = nil,
        _ log: FlightLog? = nil,
        told: Cause? = nil
    ) -> Cause {
        if let exit, !exit.isAbnormal(toldBecause: told?.kind) { return cause }
        let report = FlightReport(
            id,
            at: exit?.at ?? now,
            instant: reactor.now,
            exit: exit,
            because: told ?? cause,
            log ?? FlightLog()
        )
        guard let path = surroundings.report(report) else { return cause }
        self.report = report
        var cause = cause
        cause.inputs.append(.text("report", path))
        return cause
    }

    /// The process beside the serving one has ended.
    func reportOther(_ exit: LastExit, of roll: Roll) {
        guard let other, !roll.isCalledOff else { return }
        _ = reporting(.ending(exit, of: id, pid: other.pid), exit, other.flight, told: roll.failure?.cause)
        if let record = roll.failure?.record { tie(.rollFailed, to: record) }
    }

    /// The entry of the record that a report waits for may have been noted.
    func tie(_ step: RecordEntry.Step, to record: UInt64) {
        guard step == .ended || step == .startFailed || step == .rollFailed, let report else { return }
        report.record = record
        self.report = nil
    }

    /// Where the frames of a process of this instance are kept.
    func trace(of pid: Int32) -> FrameTrace? { incarnation(pid)?.flight.frames }
}

extension Supervisor {
    /// Has the report written, with what the instance does not know.
    func take(_ report: FlightReport) -> String? {
        let candidate = candidates[report.id]
        let isBeside = report.log.pid != 0 && handles[report.id]?.assumeIsolated { $0.other?.pid } == report.log.pid
        report.stamp = isBeside ? candidate?.stamp : stamps[report.id]
        if report.generation == 0 {
            report.generation = (isBeside ? candidate?.generation : begunWith[report.id]) ?? generation
        }
        return flights.take(report)
    }

    /// Where the frames of a process are kept, if it is one of ours.
    func trace(of pid: Int32) -> FrameTrace? {
        for handle in handles.values {
            if let trace = handle.assumeIsolated({ $0.trace(of: pid) }) { return trace }
        }
        return nil
    }
}
