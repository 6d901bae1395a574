package dev.wireproof.telemetry;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Numbers for message names, so that a packed frame needs ten bits for one. Bounded: agents may send any name. */
final class FrameTypes {
    private static final int MOST = 256;
    private static final ConcurrentHashMap<String, Integer> INDEX = new ConcurrentHashMap<>();
    private static final AtomicReferenceArray<@Nullable String> NAMES = new AtomicReferenceArray<>(MOST);

    private FrameTypes() {}

    /** @return 0 for null, -1 when there is no number left */
    static int index(@Nullable String type) {
        if (type == null) {
            return 0;
        }
        Integer known = INDEX.get(type);
        return known != null ? known : add(type);
    }

    private static synchronized int add(String type) {
        Integer known = INDEX.get(type);
        if (known != null) {
            return known;
        }
        int index = INDEX.size() + 1;
        if (index >= MOST) {
            return -1;
        }
        NAMES.set(index, type);
        INDEX.put(type, index);
        return index;
    }

    static @Nullable String name(int index) {
        return index == 0 ? null : NAMES.get(index);
    }
}
