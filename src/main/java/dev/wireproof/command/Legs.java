package dev.wireproof.command;

import dev.wireproof.command.DeliveryObserver.Leg;

/** Tells how long each leg of an attempt took, once. Used on the attempt's writer only. */
final class Legs {
    private final DeliveryObserver observer;

    Legs(DeliveryObserver observer) {
        this.observer = observer;
    }

    void climbed(AttemptTrace trace) {
        tell(trace, Leg.QUEUE, trace.enqueuedNs, trace.writeStartedNs);
        tell(trace, Leg.WRITE, trace.writeStartedNs, trace.writtenNs);
        tell(trace, Leg.PEER_READ, trace.writtenNs, trace.peerReadNs);
    }

    /** Before the lane forgets the attempt. Only an answer on the attempt's own connection shares its time scale. */
    void answered(Pending one, Lanes lanes) {
        for (AttemptAnswer answer : one.answers) {
            if (answer.answer().nack() != null) {
                observer.nacked(answer.answer().nack());
                continue;
            }
            Lane lane = lanes.of(answer.on());
            AttemptTrace trace = lane == null ? null : lane.trace(one.id());
            if (trace != null && trace.attempt == answer.answer().attempt() && trace.connectionId.equals(answer.on())) {
                climbed(trace);
                tell(trace, Leg.ACK, trace.writtenNs, answer.ns());
            }
        }
    }

    private void tell(AttemptTrace trace, Leg leg, long fromNs, long toNs) {
        int bit = 1 << leg.ordinal();
        if (fromNs > 0 && toNs > 0 && (trace.legsTold & bit) == 0) {
            trace.legsTold |= bit;
            // Callbacks of two threads may tell of one instant in the wrong order: no time, not a negative one.
            observer.climbed(leg, Math.max(0, toNs - fromNs));
        }
    }
}
