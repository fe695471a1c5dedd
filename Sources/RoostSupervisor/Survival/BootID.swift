/// Which boot of the machine this is (random(4), boot_id): what a file says of processes is true within one.
enum BootID {
    static let length = 36
    /// As text of 36 bytes; zeros where /proc does not tell.
    static let current: [UInt8] = {
        let text = (ProcFile.read("/proc/sys/kernel/random/boot_id") ?? []).prefix(length)
        return text.count == length ? Array(text) : [UInt8](repeating: 0, count: length)
    }()
}
