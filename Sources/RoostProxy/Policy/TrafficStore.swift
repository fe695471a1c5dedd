/// Finds the counters of a rule or a backend by name, so that they go on over configuration generations. Every table that
/// names them holds them.
struct TrafficStore {
    struct Entry {
        let counters: UnsafeMutablePointer<TrafficCounters>
        var tables: Int
    }

    /// By rule, and by rule and URL.
    struct Key: Hashable {
        var rule: String
        var backend: String?
    }

    private(set) var entries: [Key: Entry] = [:]

    mutating func take(_ rule: String, _ backend: String? = nil) -> UnsafeMutablePointer<TrafficCounters> {
        let key = Key(rule: rule, backend: backend)
        if let entry = entries[key] {
            entries[key] = Entry(counters: entry.counters, tables: entry.tables + 1)
            return entry.counters
        }
        let counters = UnsafeMutablePointer<TrafficCounters>.allocate(capacity: 1)
        counters.initialize(to: TrafficCounters())
        entries[key] = Entry(counters: counters, tables: 1)
        return counters
    }

    mutating func give(_ rule: String, _ backend: String? = nil) {
        let key = Key(rule: rule, backend: backend)
        guard var entry = entries[key] else { return }
        entry.tables -= 1
        if entry.tables > 0 {
            entries[key] = entry
            return
        }
        entries[key] = nil
        entry.counters.pointee.deallocate()
        entry.counters.deallocate()
    }
}
