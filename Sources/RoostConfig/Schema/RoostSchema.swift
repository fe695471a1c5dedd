/// The keys of `roost.yaml`.
package enum RoostSchema {
    package static let root = ObjectSchema(
        [
            SchemaKey("supervisor", .object(supervisor), .nested, .live, "roostd itself."),
            SchemaKey(
                "limits",
                .object(limits),
                .nested,
                .rolling,
                "Sizes and counts that more than one process uses."
            ),
            SchemaKey(
                "workers",
                .map(names: .workerName, values: .object(worker)),
                .empty,
                .live,
                "One entry per worker. NAME runs the program roost-NAME beside roostd, unless it says otherwise."
            ),
            SchemaKey("proxy", .object(proxy), .nested, .live, "The HTTP proxy; its rules are the files of rules.d/."),
        ],
        later: LaterKeys.topLevel
    )
}

/// Short ways to write ranges in the tables.
extension ValueType {
    static func count(_ range: ClosedRange<Int64>) -> ValueType { .integer(range) }
    static func seconds(_ range: ClosedRange<Int>) -> ValueType {
        .duration(.seconds(range.lowerBound) ... .seconds(range.upperBound))
    }
    static func milliseconds(_ range: ClosedRange<Int>) -> ValueType {
        .duration(.milliseconds(range.lowerBound) ... .milliseconds(range.upperBound))
    }
}

let kibibyte: Int64 = 1 << 10
let mebibyte: Int64 = 1 << 20
let tebibyte: Int64 = 1 << 40
