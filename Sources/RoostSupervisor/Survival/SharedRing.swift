import Glibc
package import RoostReactor

/// The last records of an endless sequence, numbered from 1 without gaps, in a file that outlives the process: a new
/// process that opens the file goes on where the old one was, whatever ended it and at whichever instruction.
///
///     record:  length (64 bits) | id (64 bits) | bytes | zeros up to a multiple of eight
///
/// One store commits a record: that of the word `head`. What is overwritten has been given up before, by a store of
/// `tail`. The newest record is never given up, so the numbers go on as well. A bound in bytes, and one in records.
package final class SharedRing {
    /// Why the records do not outlive the process, although a path was given: they are in anonymous memory.
    package private(set) var problem: SystemError?
    /// The number of the oldest record held; `last + 1` when none is.
    package private(set) var first: UInt64 = 1
    /// The number of the newest record; 0 before the first.
    package private(set) var last: UInt64 = 0

    private var path: String?
    private var memory: RingMemory
    private var mostRecords: UInt64
    private var head: UInt64 = 0
    private var tail: UInt64 = 0
    /// Where every 64th record begins, so that any record is found within 64 steps.
    private var marks: [UInt64] = []
    private var firstMark: UInt64 = 1

    private static let spacing: UInt64 = 64
    private static let recordHeader: UInt64 = 16

    /// Opens what an earlier process has left at `path`, with its capacity, or begins anew.
    ///
    /// - Parameters:
    ///   - path: the file, private to this user and to one process at a time; nil: memory of this process alone.
    ///   - capacityBytes: of a new ring; with the records' headers of 16 bytes.
    ///   - mostRecords: more are not held, however short they are.
    /// - Throws: `SystemError` when there is no memory even without a file.
    package init(path: String?, capacityBytes: Int, mostRecords: Int = .max) throws(SystemError) {
        self.mostRecords = UInt64(max(mostRecords, 1))
        self.path = path
        if let path, let memory = RingMemory.open(path) {
            self.memory = memory
            if recover() {
                shrink()
                return
            }
        }
        do throws(SystemError) {
            memory = try Self.make(path, capacityBytes)
        } catch {
            memory = try RingMemory.make(beside: nil, capacity: capacityBytes)
            self.path = nil
            problem = error
        }
    }

    private static func make(_ path: String?, _ capacity: Int) throws(SystemError) -> RingMemory {
        let memory = try RingMemory.make(beside: path, capacity: capacity)
        if let path { try RingMemory.publish(path) }
        return memory
    }

    package var count: UInt64 { last + 1 - first }
    package var capacity: Int { memory.capacity }

    /// Up to which record somebody else was told; kept with the records.
    package var told: UInt64 {
        get { memory.load(.told) }
        set { memory.store(.told, newValue) }
    }

    /// The longest record that is taken: two of them fit, so that one is there at any instant.
    package var longest: Int { memory.capacity / 2 - Int(Self.recordHeader) }

    // MARK: Appending

    /// Adds a record at the expense of the oldest; returns its number. One that is longer than `longest` is numbered,
    /// and empty.
    @discardableResult
    package func append(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let length = bytes.count <= longest ? UInt64(bytes.count) : 0
        let size = Self.size(ofLength: length)
        giveUp { head - tail + size > UInt64(capacity) }
        let id = last + 1
        memory[head] = length
        memory[head + 8] = id
        if length > 0 { memory.write(bytes, at: head + Self.recordHeader) }
        note(id, at: head)
        head += size
        last = id
        memory.store(.head, head)
        giveUp { count > mostRecords }
        return id
    }

    @discardableResult
    package func append(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { append($0) } }

    private func note(_ id: UInt64, at offset: UInt64) {
        guard id % Self.spacing == 0 else { return }
        if marks.isEmpty { firstMark = id / Self.spacing }
        marks.append(offset)
    }

    /// Gives up the oldest records as long as the condition holds.
    private func giveUp(while isTooMuch: () -> Bool) {
        let before = tail
        while first <= last, isTooMuch() {
            guard let size = size(at: tail) else {
                // Somebody has written into the memory. What there is makes no sense any more; the numbers go on.
                (tail, first, marks) = (head, last + 1, [])
                break
            }
            tail += size
            first += 1
        }
        guard tail != before else { return }
        memory.store(.tail, tail)
        let gone = marks.prefix { $0 < tail }.count
        marks.removeFirst(gone)
        firstMark += UInt64(gone)
    }

    private func shrink() { giveUp { count > mostRecords } }

    // MARK: Reading

    /// The bytes of a record, if it is still held.
    package subscript(id: UInt64) -> [UInt8]? {
        guard let offset = place(of: id), let size = size(at: offset), memory[offset + 8] == id else { return nil }
        let length = min(memory[offset], size - Self.recordHeader)
        return memory.read(Int(length), at: offset + Self.recordHeader)
    }

    /// The first two words of each record, the oldest first; zeros of those that are shorter. Cheap: nothing is copied.
    package func eachStart(_ body: (UInt64, UInt64) -> Void) {
        var offset = tail
        while offset < head, let size = size(at: offset) {
            if memory[offset] >= 16 { body(memory[offset + 16], memory[offset + 24]) }
            offset += size
        }
    }

    private func place(of id: UInt64) -> UInt64? {
        guard id >= first, id <= last else { return nil }
        var (at, offset) = (first, tail)
        let mark = id / Self.spacing
        if mark >= firstMark, mark - firstMark < UInt64(marks.count) {
            (at, offset) = (mark * Self.spacing, marks[Int(mark - firstMark)])
        }
        while at < id {
            guard let size = size(at: offset) else { return nil }
            offset += size
            at += 1
        }
        return offset
    }

    /// The size of the record at an offset, header and padding included; nil if there cannot be one.
    private func size(at offset: UInt64) -> UInt64? {
        guard head - offset >= Self.recordHeader else { return nil }
        let length = memory[offset]
        guard length <= UInt64(longest) else { return nil }
        let size = Self.size(ofLength: length)
        return size <= head - offset ? size : nil
    }

    private static func size(ofLength length: UInt64) -> UInt64 { recordHeader + (length + 7) & ~7 }

    // MARK: Another size, another process

    /// Leaves nothing to a next process. What is held here stays until the end.
    package func remove() {
        if let path { unlink(path) }
        path = nil
    }

    /// Sets new bounds; what does not fit any more is given up. Whoever is killed meanwhile leaves the one or the other.
    package func resize(capacityBytes: Int, mostRecords: Int = .max) throws(SystemError) {
        self.mostRecords = UInt64(max(mostRecords, 1))
        shrink()
        guard RingMemory.rounded(capacityBytes) != capacity else { return }
        let new = try RingMemory.make(beside: path, capacity: capacityBytes)
        if let start = start(fitting: new.capacity) {
            memory.read(Int(head - start), at: start).withUnsafeBytes { new.write($0, at: 0) }
            new.store(.head, head - start)
        } else if last > 0 {
            new[8] = last  // an empty record, so that the numbers go on
            new.store(.head, Self.recordHeader)
        }
        new.store(.told, told)
        if let path { try RingMemory.publish(path) }
        memory = new
        _ = recover()
    }

    /// Where the records begin that a ring of this capacity can hold; nil when it cannot even hold the newest.
    private func start(fitting capacity: Int) -> UInt64? {
        var (start, offset) = (tail, tail)
        while offset < head, let size = size(at: offset) {
            offset += size
            if size > UInt64(capacity / 2) { start = offset }
        }
        while head - start > UInt64(capacity), let size = size(at: start) { start += size }
        return start < head && offset == head ? start : nil
    }

    /// Takes over what the memory holds; false if that cannot have come from here.
    private func recover() -> Bool {
        (head, tail) = (memory.load(.head), memory.load(.tail))
        (first, last, marks) = (1, 0, [])
        if isWhole() { return true }
        (head, tail, first, last, marks) = (0, 0, 1, 0, [])
        return false
    }

    private func isWhole() -> Bool {
        guard head < 1 << 62, tail <= head, head - tail <= UInt64(capacity), head % 8 == 0, tail % 8 == 0 else {
            return false
        }
        var offset = tail
        while offset < head {
            guard let size = size(at: offset) else { return false }
            let id = memory[offset + 8]
            if offset == tail {
                guard id > 0, id < 1 << 62 else { return false }
                (first, last) = (id, id - 1)
            }
            guard id == last + 1 else { return false }
            note(id, at: offset)
            last = id
            offset += size
        }
        if told > last { told = last }
        return true
    }
}
