package dev.wireproof.command;

import dev.wireproof.command.Work.Tell;
import dev.wireproof.id.CommandId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/**
 * Events of commands whose rows someone else holds: they wait aside, in order, so that nobody else waits for that row. Used by one writer's
 * thread only.
 */
final class HeldBack {
    /** Between tries. */
    static final Duration PAUSE = Duration.ofMillis(50);

    private static final int MOST = 10_000;

    private final Map<CommandId, Queue<Tell>> byCommand = new HashMap<>();
    private int count;
    private long tryAtNs;

    boolean isEmpty() {
        return byCommand.isEmpty();
    }

    void add(List<Tell> tells) {
        if (!tells.isEmpty()) {
            tells.forEach(this::add);
            tryAtNs = System.nanoTime() + PAUSE.toNanos();
        }
    }

    private void add(Tell tell) {
        if (count >= MOST) {
            tell.done().completeExceptionally(new StoreUnavailableException("too much waits for a locked row", null));
            return;
        }
        byCommand.computeIfAbsent(tell.id(), _ -> new ArrayDeque<>(2)).add(tell);
        count++;
    }

    /** @return whether it is an event of a command that waits here: it then waits behind the others */
    boolean behind(Work work) {
        if (work instanceof Tell tell && byCommand.containsKey(tell.id())) {
            add(tell);
            return true;
        }
        return false;
    }

    void takeDue(List<Work> into, int most) {
        if (!byCommand.isEmpty() && System.nanoTime() - tryAtNs >= 0) {
            // All of a command or nothing: what stays must not be overtaken by what came later.
            for (Iterator<Queue<Tell>> each = byCommand.values().iterator(); each.hasNext() && into.size() < most; ) {
                Queue<Tell> ofOne = each.next();
                into.addAll(ofOne);
                count -= ofOne.size();
                each.remove();
            }
        }
    }

    List<Work> takeAll() {
        List<Work> all = new ArrayList<>(count);
        byCommand.values().forEach(all::addAll);
        byCommand.clear();
        count = 0;
        return all;
    }
}
