import RoostPolicy
import Testing

@Suite("BoundedRing") struct BoundedRingTests {
    @Test("an empty ring holds nothing, and its first number is the next one")
    func empty() {
        let ring = BoundedRing<String>(capacity: 3)
        #expect(ring.count == 0 && ring.cost == 0 && ring.last == 0 && ring.first == 1)
        #expect(ring[0] == nil && ring[1] == nil && ring[.max] == nil)
    }

    @Test("elements are numbered from 1 and found by number")
    func numbers() {
        var ring = BoundedRing<String>(capacity: 3)
        #expect(ring.append("a") == 1)
        #expect(ring.append("b") == 2)
        #expect(ring[1] == "a" && ring[2] == "b" && ring[3] == nil && ring[0] == nil)
    }

    @Test("a full ring gives up its oldest element")
    func overflow() {
        var ring = BoundedRing<Int>(capacity: 3)
        for value in 1...10 { ring.append(value) }
        #expect(ring.count == 3 && ring.first == 8 && ring.last == 10)
        #expect((1...11).map { ring[$0] } == [nil, nil, nil, nil, nil, nil, nil, 8, 9, 10, nil])
    }

    @Test("as many old elements go as the cost of a new one asks for")
    func cost() {
        var ring = BoundedRing<Character>(capacity: 10, costLimit: 10)
        for name in "abcd" { ring.append(name, cost: 3) }
        #expect(ring.count == 3 && ring.cost == 9 && ring.first == 2)
        ring.append("e", cost: 8)
        #expect(ring.count == 1 && ring.cost == 8 && ring.first == 5 && ring[5] == "e")
    }

    @Test("an element that costs more than the limit is numbered but not held")
    func tooLarge() {
        var ring = BoundedRing<String>(capacity: 4, costLimit: 10)
        ring.append("small", cost: 5)
        #expect(ring.append("large", cost: 11) == 2)
        #expect(ring.cost == 0 && ring.count == 0 && ring[2] == nil && ring.first == 3)
        #expect(ring.append("next", cost: 10) == 3)
        #expect(ring[3] == "next")
    }

    @Test("costs near the largest number do not trap")
    func hugeCost() {
        var ring = BoundedRing<Int>(capacity: 4)
        ring.append(1, cost: .max)
        ring.append(2, cost: .max)
        #expect(ring.cost == .max && ring.first == 2)
    }

    @Test("a capacity below one is one", arguments: [0, -5])
    func noCapacity(_ capacity: Int) {
        var ring = BoundedRing<Int>(capacity: capacity)
        ring.append(1)
        ring.append(2)
        #expect(ring.count == 1 && ring[2] == 2)
    }

    @Test("any sequence of appends leaves what a plain array would", arguments: UInt64(1)...8)
    func model(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let capacity = Int.random(in: 1...9, using: &random)
        let limit = Int.random(in: 1...40, using: &random)
        var ring = BoundedRing<Int>(capacity: capacity, costLimit: limit)
        var model: [(value: Int, cost: Int)] = []
        for value in 1...500 {
            let cost = Int.random(in: 0...45, using: &random)
            ring.append(value, cost: cost)
            model.append((value, cost))
            while model.count > capacity || model.reduce(0, { $0 + $1.cost }) > limit { model.removeFirst() }
            let held = (ring.first..<ring.last + 1).map { ring[$0] }
            #expect(held == model.map(\.value) && ring.cost == model.reduce(0) { $0 + $1.cost })
        }
    }
}
