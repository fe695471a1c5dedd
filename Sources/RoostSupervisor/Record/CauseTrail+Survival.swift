import RoostPolicy
package import RoostProtocol

// What a trail leaves to the next roostd, so that an end that was asked for before keeps its cause.
extension CauseTrail {
    package func save(in saved: inout SavedInstance) {
        saved.lastRecord = last ?? 0
        saved.starting = starting.kind == .unknown ? nil : Self.entry(starting).message
        saved.ending = ending.map { Self.entry($0).message }
    }

    package init(_ id: InstanceID, _ saved: SavedInstance) {
        let starting = saved.starting.map { RecordEntry($0).cause }
        let ending = saved.ending.map { RecordEntry($0).cause }
        let last = saved.lastRecord == 0 ? nil : saved.lastRecord
        self.init(id, last: last, starting: starting, ending: ending, pid: saved.process?.pid)
    }

    /// A cause in the form that it has on disk.
    private static func entry(_ cause: Cause) -> RecordEntry {
        let (at, instant) = (WallTime(nanoseconds: 0), MonotonicInstant(nanoseconds: 0))
        return RecordEntry(
            id: 0,
            at: at,
            instant: instant,
            boot: RecordedBoot(bytes: []),
            .unknown,
            .supervisor,
            because: cause
        )
    }
}
