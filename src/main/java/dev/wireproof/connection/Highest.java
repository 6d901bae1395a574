package dev.wireproof.connection;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** For each key at most one value: the one with the highest rank of those that were put and not removed. Safe for many threads. */
final class Highest<K, V> {
    private final Map<K, V> values = new ConcurrentHashMap<>();
    private final ToLongFunction<V> rank;

    Highest(ToLongFunction<V> rank) {
        this.rank = rank;
    }

    @Nullable
    V get(K key) {
        return values.get(key);
    }

    /** @return the value that has to go: the lower one that was there; {@code value} itself when it came too late; null: none */
    @Nullable
    V put(K key, V value) {
        Loser<V> loser = new Loser<>();
        values.compute(key, (_, other) -> {
            boolean higher = other == null || rank.applyAsLong(other) < rank.applyAsLong(value);
            loser.value = higher ? other : value;
            return higher || other == null ? value : other;
        });
        return loser.value;
    }

    /** Filled under the map's lock of one key, read after it. */
    private static final class Loser<V> {
        private @Nullable V value;
    }

    /** Takes it away if it is still the highest; a higher one that came meanwhile stays. @return whether it was */
    boolean remove(K key, V value) {
        return values.remove(key, value);
    }

    int size() {
        return values.size();
    }
}
