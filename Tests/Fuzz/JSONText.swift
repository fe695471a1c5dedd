// Sources: RoostJSON
// What is taken as JSON is written as JSON that reads as the same value.

/// The input is the text.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let value = try? JSONParser.parse(input) else { return 0 }  // a refusal is the other right answer
    for text in [JSONWriter.compact(value), JSONWriter.pretty(value)] {
        guard let again = try? JSONParser.parse(text) else { preconditionFailure("not JSON: \(text)") }
        precondition(again == value, "\(text) reads as another value")
    }
    return 0
}
