import Glibc
package import RoostConfig

extension Machine {
    /// This machine: its user database, and the programs beside this one.
    package static let local = Machine(
        user: { user(named: $0) },
        group: { group(named: $0) },
        hasWorker: { isInstalled($0) }
    )

    /// getpwnam(3) and getgrouplist(3). Here and not in roostd, which would have to load the name service.
    private static func user(named name: String) -> WorkerSpecification.Account? {
        guard let entry = getpwnam(name) else { return nil }
        let (user, group) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
        var groups = [gid_t](repeating: 0, count: 64)
        var count = Int32(groups.count)
        if getgrouplist(name, group, &groups, &count) < 0 {
            // Once more with the count that it has said; a count beyond that keeps what fits.
            groups = [gid_t](repeating: 0, count: max(1, min(Int(count), 65_536)))
            count = Int32(groups.count)
            _ = getgrouplist(name, group, &groups, &count)
        }
        let all = Array(groups.prefix(max(0, min(Int(count), groups.count))))
        return WorkerSpecification.Account(name: name, user: user, group: group, groups: all)
    }

    private static func group(named name: String) -> UInt32? { getgrnam(name)?.pointee.gr_gid }

    /// Where roostd looks: beside itself, and in ../libexec/roost.
    private static func isInstalled(_ worker: String) -> Bool {
        let folder = FilePath.folder(of: ownPath())
        return ["\(folder)/roost-\(worker)", "\(folder)/../libexec/roost/roost-\(worker)"].contains { (path: String) in
            access(path, X_OK) == 0
        }
    }

    private static func ownPath() -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
