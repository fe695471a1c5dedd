import CLinux
import Glibc
package import RoostProtocol
package import RoostReactor

/// `RUNTIME/state`: what this supervisor would leave to its successor, kept up to date in memory that outlives it.
///
/// A shared mapping of a small file: a SIGKILL at any instruction leaves the state before or the state after a `save`,
/// never a mixture, since a save writes the idle one of two slots and then flips one aligned word. It need not survive a
/// loss of power: it is of use within one boot only, and names that boot.
///
/// Layout, in the machine's byte order: 0 magic, 8 format (u32), 12 lowest format of a reader (u32), 16 boot id (36
/// bytes), 64 commit word, 128 the spawn cell, 4096 and 4096 + `slotSize` the slots: sequence (u64), length (u64), checksum (u64),
/// then `SavedState` in Protocol Buffers.
package final class StateFile: @unchecked Sendable {  // used on the reactor's thread only
    private static let magic: UInt64 = 0x0A31_5453_4F4F_5252  // "RROOST1\n"
    /// Of the layout above; fields of the message come and go without it.
    private static let format: UInt32 = 1
    private static let slotSize = 1 << 20  // some thousand instances; untouched pages cost nothing
    private static let slotHeader = 24
    private static let size = 4096 + 2 * slotSize

    private let memory: UnsafeMutableRawPointer
    private var sequence: UInt64 = 0

    /// Why there is no state file; the supervisor works without one and leaves nothing to a successor.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    /// Maps the file, made if it is not there. What it holds stays until the first `save`.
    ///
    /// - Throws: `SystemError`.
    package init(_ path: String) throws(SystemError) {
        let number = roost_open(path, O_RDWR | O_CREAT, 0o600)
        guard number >= 0 else { throw SystemError("open", path, code: -number) }
        let descriptor = Descriptor(owning: number)
        // The directory is ours alone to write to: nobody cuts the file while it is mapped.
        guard ftruncate(descriptor.number, Self.size) == 0 else { throw SystemError("ftruncate", path, code: errno) }
        guard let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number, 0),
            memory != MAP_FAILED
        else { throw SystemError("mmap", path, code: errno) }
        self.memory = memory
    }

    /// Maps a file that is there, for reading only; nil if there is none.
    package init?(existing path: String) {
        let number = roost_open(path, O_RDONLY, 0)
        guard number >= 0 else { return nil }
        let descriptor = Descriptor(owning: number)
        var status = stat()
        guard fstat(number, &status) == 0, status.st_size == off_t(Self.size),
            let memory = mmap(nil, Self.size, PROT_READ, MAP_SHARED, descriptor.number, 0), memory != MAP_FAILED
        else { return nil }
        self.memory = memory
    }

    deinit { munmap(memory, Self.size) }

    // MARK: Reading

    /// What a supervisor of this boot has left; nil: nothing, or nothing that can be understood.
    package func recover() -> SavedState? {
        guard memory.load(as: UInt64.self) == Self.magic,
            memory.load(fromByteOffset: 12, as: UInt32.self) <= Self.format,
            BootID.current != nil, BootID.current == BootID(memory + 16)
        else { return nil }
        let committed = memory.load(fromByteOffset: 64, as: UInt64.self)
        // The other slot is the state before: better than none.
        return read(committed) ?? (committed > 1 ? read(committed - 1) : nil)
    }

    private func read(_ number: UInt64) -> SavedState? {
        let slot = memory + Self.offset(of: number)
        let length = slot.load(fromByteOffset: 8, as: UInt64.self)
        guard number > 0, slot.load(as: UInt64.self) == number, length <= Self.slotSize - Self.slotHeader else {
            return nil
        }
        let bytes = UnsafeRawBufferPointer(start: slot + Self.slotHeader, count: Int(length))
        guard slot.load(fromByteOffset: 16, as: UInt64.self) == Self.checksum(bytes) else { return nil }
        guard let state = try? SavedState(decoding: Array(bytes)) else { return nil }
        sequence = max(sequence, number)
        return state
    }

    /// The process that was being started when the supervisor died, which no saved state knows yet.
    ///
    /// - Returns: `begun`: nanoseconds since boot, before which it cannot have been started.
    package var unfinishedSpawn: (name: String, instance: Int, pid: Int32, begun: Int64)? {
        let cell = (memory + 128).assumingMemoryBound(to: roost_spawn_cell.self)
        guard cell.pointee.is_under_way == 1, cell.pointee.pid > 0 else { return nil }
        let name = withUnsafeBytes(of: &cell.pointee.name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return (name, Int(cell.pointee.instance), cell.pointee.pid, cell.pointee.begun_ns)
    }

    // MARK: Writing

    /// Makes `state` what a successor finds.
    ///
    /// - Throws: `Fault` if it does not fit; what was saved before stays.
    package func save(_ state: SavedState) throws(Fault) {
        let bytes = state.encoded()
        guard bytes.count <= Self.slotSize - Self.slotHeader else {
            throw Fault(description: "the state takes \(bytes.count) bytes, more than a slot of \(Self.slotSize)")
        }
        if sequence == 0 { begin() }
        sequence += 1
        let slot = memory + Self.offset(of: sequence)
        slot.storeBytes(of: 0, as: UInt64.self)  // while it is being written it is no state of any number
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress {
                (slot + Self.slotHeader).copyMemory(from: start, byteCount: source.count)
            }
            slot.storeBytes(of: UInt64(source.count), toByteOffset: 8, as: UInt64.self)
            slot.storeBytes(of: Self.checksum(source), toByteOffset: 16, as: UInt64.self)
        }
        slot.storeBytes(of: sequence, as: UInt64.self)
        roost_store_release(memory + 64, sequence)
    }

    /// Takes over a file that another supervisor, another boot or nobody has written.
    private func begin() {
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
        memory.storeBytes(of: Self.format, toByteOffset: 8, as: UInt32.self)
        memory.storeBytes(of: Self.format, toByteOffset: 12, as: UInt32.self)
        BootID.current?.write(to: memory + 16)
        memory.storeBytes(of: Self.magic, as: UInt64.self)
    }

    /// A clean end: there is nothing to take over.
    package func forget() {
        roost_store_release(memory + 64, 0)
        memory.storeBytes(of: 0, as: UInt64.self)
    }

    /// Where the kernel's word about a process that is being started goes: the child itself writes its number there
    /// before anything else, so no process is ever unknown. `endSpawn` when a saved state knows it.
    func beginSpawn(_ id: InstanceID) -> UnsafeMutablePointer<roost_spawn_cell> {
        let cell = (memory + 128).assumingMemoryBound(to: roost_spawn_cell.self)
        cell.pointee.is_under_way = 0
        cell.pointee.pid = 0
        cell.pointee.instance = Int32(clamping: id.instance)
        cell.pointee.begun_ns = roost_boot_now()
        withUnsafeMutableBytes(of: &cell.pointee.name) { bytes in
            let name = id.name.utf8.prefix(bytes.count - 1)
            bytes.copyBytes(from: name)
            bytes[name.count] = 0
        }
        cell.pointee.is_under_way = 1
        return cell
    }

    func endSpawn() { (memory + 128).assumingMemoryBound(to: roost_spawn_cell.self).pointee.is_under_way = 0 }

    private static func offset(of sequence: UInt64) -> Int { 4096 + Int(sequence & 1) * slotSize }

    /// FNV-1a over 64 bits: finds foreign or damaged bytes, nobody forges them.
    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}

/// Which boot of the machine this is (random(4), `boot_id`).
package struct BootID: Equatable, Sendable {
    private let text: [UInt8]

    package static let current: BootID? = {
        guard let bytes = ProcFile.read("/proc/sys/kernel/random/boot_id"), bytes.count >= 36 else { return nil }
        return BootID(text: Array(bytes.prefix(36)))
    }()

    private init(text: [UInt8]) { self.text = text }

    init(_ memory: UnsafeRawPointer) { text = Array(UnsafeRawBufferPointer(start: memory, count: 36)) }

    func write(to memory: UnsafeMutableRawPointer) {
        text.withUnsafeBytes { source in
            if let start = source.baseAddress { memory.copyMemory(from: start, byteCount: source.count) }
        }
    }
}
