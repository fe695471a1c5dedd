/// Records of one type in memory that is kept: a free one is used again, the last freed first.
struct RecordPool<Record> {
    private var free: [UnsafeMutablePointer<Record>] = []
    private let kept: Int
    /// How many are in use.
    private(set) var count = 0
    /// How many were ever given out; the generation of the newest.
    private(set) var generation: UInt64 = 0

    init(keeping kept: Int) {
        self.kept = kept
        free.reserveCapacity(kept)
    }

    mutating func take(_ record: consuming Record) -> UnsafeMutablePointer<Record> {
        count += 1
        generation &+= 1
        let place = free.popLast() ?? .allocate(capacity: 1)
        place.initialize(to: record)
        return place
    }

    mutating func give(_ place: UnsafeMutablePointer<Record>) {
        count -= 1
        place.deinitialize(count: 1)
        if free.count < kept { free.append(place) } else { place.deallocate() }
    }

    /// Frees what is kept.
    mutating func deallocate() {
        for place in free { place.deallocate() }
        free = []
    }
}
