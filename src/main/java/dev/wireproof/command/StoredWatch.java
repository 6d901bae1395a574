package dev.wireproof.command;

import dev.wireproof.command.OutputSlice.Segment;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.Stream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Follows a command by reading what is stored behind a cursor whenever something changed. The cursor is the id of each event: the number of
 * the history row and the offsets of both streams. So a slow reader costs no memory, and a resumed one loses nothing.
 */
final class StoredWatch implements CommandWatch {

    /** @param n of the history; 0: nothing seen */
    record Cursor(int n, long stdout, long stderr) {
        static final Cursor START = new Cursor(0, 0, 0);

        static Cursor parse(@org.jspecify.annotations.Nullable String eventId) {
            String[] parts = eventId == null ? new String[0] : eventId.split("\\.", -1);
            try {
                return parts.length == 3
                        ? new Cursor(
                                Integer.parseUnsignedInt(parts[0]),
                                Math.max(0, Long.parseLong(parts[1])),
                                Math.max(0, Long.parseLong(parts[2])))
                        : START;
            } catch (NumberFormatException e) {
                return START;
            }
        }

        String id() {
            return n + "." + stdout + "." + stderr;
        }
    }

    private final CommandId id;
    private final CommandQueries queries;
    private final Timelines timelines;
    private final OutputQueries outputs;
    private final Followers followers;
    private final Semaphore changed = new Semaphore(1);
    private final Followers.Follower follower = _ -> wake();
    private final Map<Integer, AttemptView> attemptsSeen = new HashMap<>();
    private Cursor cursor;
    private boolean ended;

    StoredWatch(
            CommandId id,
            Cursor from,
            CommandQueries queries,
            Timelines timelines,
            OutputQueries outputs,
            Followers followers) {
        this.id = id;
        this.cursor = from;
        this.queries = queries;
        this.timelines = timelines;
        this.outputs = outputs;
        this.followers = followers;
    }

    /** @return false when too many watch already */
    boolean begin() {
        return followers.follow(id, follower);
    }

    private void wake() {
        if (changed.availablePermits() == 0) {
            changed.release();
        }
    }

    @Override
    public List<CommandSignal> next(Duration atMost) throws InterruptedException {
        if (!changed.tryAcquire(atMost.toNanos(), TimeUnit.NANOSECONDS)) {
            return List.of();
        }
        changed.drainPermits();
        try {
            return Reading.of(this::read);
        } catch (RuntimeException e) {
            wake(); // a later call goes on from here
            throw e;
        }
    }

    private List<CommandSignal> read() {
        CommandView view = queries.find(id).orElse(null);
        if (view == null) {
            return List.of();
        }
        List<CommandSignal> signals = new ArrayList<>();
        List<CommandSignal> last = new ArrayList<>();
        Cursor from = cursor;
        List<HistoryRow> rows = timelines.history(id, from.n());
        if (ended && rows.isEmpty()) {
            return List.of(); // behind the end comes nothing but what revives it; a late rung is for who asks
        }
        Cursor to = from;
        for (HistoryRow row : rows) {
            boolean end = row.state().ended() && row == rows.getLast() && row.kind() == HistoryRow.Kind.STATE;
            Cursor behind = new Cursor(row.n(), to.stdout(), to.stderr());
            if (end) {
                break; // what it printed comes before its end
            }
            to = behind;
            if (row.kind() == HistoryRow.Kind.STATE) {
                signals.add(stateChanged(row, to));
                ended = false;
            }
        }
        to = addAttempts(signals, view, to);
        to = addOutput(signals, Stream.STDOUT, to);
        to = addOutput(signals, Stream.STDERR, to);
        if (!rows.isEmpty() && rows.getLast().n() > to.n()) {
            to = new Cursor(rows.getLast().n(), to.stdout(), to.stderr());
            last.add(stateChanged(rows.getLast(), to));
            ended = false;
        }
        signals.addAll(last);
        boolean all = (rows.isEmpty() || rows.getLast().n() == to.n())
                && to.stdout() == from.stdout() // else there may be more of it, and the end comes behind
                && to.stderr() == from.stderr();
        if (view.state().ended() && !ended && all) {
            ended = true;
            signals.add(new CommandSignal.Ended(to.id(), view));
        }
        cursor = to;
        return signals;
    }

    private static CommandSignal stateChanged(HistoryRow row, Cursor at) {
        return new CommandSignal.StateChanged(
                at.id(), row.state(), row.certainty(), row.cause(), row.at(), row.connectionId());
    }

    private Cursor addAttempts(List<CommandSignal> signals, CommandView view, Cursor at) {
        for (AttemptView attempt : view.attempts()) {
            if (!attempt.equals(attemptsSeen.put(attempt.attempt(), attempt))) {
                signals.add(new CommandSignal.AttemptChanged(at.id(), attempt));
            }
        }
        return at;
    }

    private Cursor addOutput(List<CommandSignal> signals, Stream stream, Cursor from) {
        Cursor at = from;
        OutputSlice slice = outputs.slice(id, stream, stream == Stream.STDOUT ? at.stdout() : at.stderr())
                .orElseThrow();
        for (Segment segment : slice.segments()) {
            if (segment instanceof Segment.Bytes bytes) {
                long end = bytes.offset() + bytes.bytes().length;
                at = stream == Stream.STDOUT
                        ? new Cursor(at.n(), end, at.stderr())
                        : new Cursor(at.n(), at.stdout(), end);
                signals.add(new CommandSignal.OutputArrived(at.id(), stream, bytes.offset(), bytes.bytes()));
            }
        }
        if (!slice.segments().isEmpty()) {
            wake(); // there may be more than one slice
        }
        return at;
    }

    @Override
    public boolean ended() {
        return ended && changed.availablePermits() == 0;
    }

    @Override
    public void close() {
        followers.leave(id, follower);
    }
}
