package dev.wireproof.connection;

import static dev.wireproof.connection.Interleavings.require;
import static dev.wireproof.connection.Interleavings.search;
import static dev.wireproof.connection.Interleavings.together;

import dev.wireproof.telemetry.Opcode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The writer's queue under every interleaving that the searcher finds in its number of tries: threads that offer, ping and close, and a
 * transport that completes writes from a thread of its own. What must hold is in {@link Line#check}.
 */
class OutboxInterleavingsIT {
    /** Kept small: every field and call here is a place where the searcher may switch threads. */
    private static final class Line implements Outbox.Owner, Outbox.Wire {
        final Outbox outbox = new Outbox(this, this);
        final List<Outgoing> onTheWire = new ArrayList<>();
        final List<Told> texts = new ArrayList<>();
        private final boolean completesAtOnce;
        private @Nullable Outgoing inFlight;
        private long time;
        private long seq;
        private long counter;

        Line(boolean completesAtOnce) {
            this.completesAtOnce = completesAtOnce;
        }

        Told text(String name, boolean fenced) {
            Told told = new Told(name, fenced);
            texts.add(told);
            return told;
        }

        void offer(Told told) {
            told.accepted = outbox.offer(told.text, told) instanceof SendOutcome.Enqueued;
        }

        @Override
        public void write(Outgoing frame) {
            synchronized (this) {
                require(inFlight == null, "two frames in flight");
                onTheWire.add(frame);
                inFlight = frame;
            }
            if (completesAtOnce) {
                complete(null);
            }
        }

        /** @return false when nothing is in flight */
        boolean complete(@Nullable Throwable error) {
            synchronized (this) {
                if (inFlight == null) {
                    return false;
                }
                inFlight = null;
            }
            outbox.completed(error);
            return true;
        }

        @Override
        public synchronized long nowNs() {
            return ++time;
        }

        @Override
        public synchronized long nextSeq() {
            return ++seq;
        }

        @Override
        public synchronized long nextPingCounter() {
            return ++counter;
        }

        @Override
        public long pingStarts(long number, long startedNs, SendObserver fenceOf) {
            return 0;
        }

        @Override
        public void finished(Outgoing frame, long writtenNs, @Nullable String error) {}

        @Override
        public void writeBroken(String error) {}

        @Override
        public void observerFailed(RuntimeException fault) {
            throw fault;
        }

        void check() {
            while (complete(null)) {
                // the transport gets through with what is left
            }
            long lastCounter = 0;
            long lastText = 0;
            for (int i = 0; i < onTheWire.size(); i++) {
                Outgoing frame = onTheWire.get(i);
                boolean closing = frame.opcode == Opcode.CLOSE;
                require(!closing || i == onTheWire.size() - 1, "something was sent behind a Close");
                if (frame.opcode == Opcode.TEXT) {
                    require(frame.seq > lastText, "texts out of order");
                    lastText = frame.seq;
                }
                if (frame.opcode == Opcode.PING) {
                    require(frame.pingCounter > lastCounter, "Pings out of order");
                    lastCounter = frame.pingCounter;
                }
                if (frame.fenced() && i + 1 < onTheWire.size() && onTheWire.get(i + 1).opcode != Opcode.CLOSE) {
                    Outgoing next = onTheWire.get(i + 1);
                    require(next.opcode == Opcode.PING && next.observer == frame.observer, "no fence behind a text");
                }
            }
            for (Told told : texts) {
                boolean sent = onTheWire.stream().anyMatch(frame -> frame.text == told.text);
                require(sent == told.started, "started and not sent, or the other way round");
                require(!told.accepted || told.ends == 1, "an accepted text ended " + told.ends + " times");
                require(told.accepted || told.ends == 0, "a refused text was told of");
                require(told.never != sent || !told.accepted, "never written, and yet sent; or neither");
            }
        }
    }

    /** What one text was told. */
    private static final class Told implements SendObserver {
        final OutboundText text;
        volatile boolean accepted;
        volatile boolean started;
        volatile boolean never;
        volatile int ends;

        Told(String name, boolean fenced) {
            text = new OutboundText("Command", name, 10, "", null, fenced);
        }

        @Override
        public void writeStarted(long atNs) {
            require(!started && ends == 0, "started twice, or after its end");
            started = true;
        }

        @Override
        public void written(long atNs) {
            require(started, "written and never started");
            ends = ends + 1;
        }

        @Override
        public void writeFailed(long atNs, String error) {
            require(started, "failed and never started");
            ends = ends + 1;
        }

        @Override
        public void neverWritten(long atNs) {
            require(!started, "started and yet never written");
            never = true;
            ends = ends + 1;
        }
    }

    @Test
    void two_who_offer_while_the_transport_completes() {
        search(() -> {
            Line line = new Line(false);
            Told one = line.text("one", true);
            Told two = line.text("two", true);
            together(() -> line.offer(one), () -> line.offer(two), () -> line.complete(null));
            line.check();
            require(line.onTheWire.size() == 4, "two texts, each with its fence");
        });
    }

    @Test
    void a_transport_that_completes_within_the_call_and_two_who_offer() {
        search(() -> {
            Line line = new Line(true);
            Told one = line.text("one", true);
            Told two = line.text("two", false);
            together(() -> line.offer(one), () -> line.offer(two), () -> line.outbox.ping());
            line.check();
            require(line.onTheWire.size() == 4, "two texts, a fence and a Ping");
        });
    }

    @Test
    void a_close_against_an_offer_and_a_completion() {
        search(() -> {
            Line line = new Line(false);
            Told one = line.text("one", true);
            Told two = line.text("two", true);
            line.offer(one);
            together(() -> line.offer(two), () -> line.outbox.close(4410, "", false), () -> line.complete(null));
            line.check();
            require(line.onTheWire.getLast().opcode == Opcode.CLOSE, "a Close at the end");
        });
    }

    @Test
    void a_write_that_fails_against_an_offer_and_the_end_of_the_socket() {
        search(() -> {
            Line line = new Line(false);
            Told one = line.text("one", true);
            Told two = line.text("two", true);
            line.offer(one);
            together(
                    () -> line.offer(two),
                    () -> line.complete(new IllegalStateException("reset")),
                    () -> line.outbox.end());
            line.check();
        });
    }

    @Test
    void a_Close_of_the_peer_against_ours_and_an_offer() {
        search(() -> {
            Line line = new Line(false);
            Told one = line.text("one", true);
            together(
                    () -> line.offer(one),
                    () -> line.outbox.answerClose(1000),
                    () -> line.outbox.close(4409, "", false));
            line.check();
            require(line.onTheWire.getLast().opcode == Opcode.CLOSE, "a Close at the end");
        });
    }

    @Test
    void texts_that_were_kept_back_against_a_close_that_lets_them_go_first() {
        search(() -> {
            Line line = new Line(false);
            Told one = line.text("one", false);
            line.outbox.cork();
            line.offer(one);
            together(() -> line.outbox.uncork(), () -> line.outbox.close(4401, "", true), () -> line.outbox.ping());
            line.check();
            require(one.started, "the text went before the Close");
        });
    }
}
