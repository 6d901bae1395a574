package dev.wireproof.api;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A part of a list.
 *
 * @param nextCursor null at the end
 */
record PageJson<T>(List<T> items, @Nullable String nextCursor) {

    /**
     * @param found one more than the limit when there is more to come
     * @param place what the cursor of an item holds
     */
    static <S, T> PageJson<T> of(List<S> found, Paging paging, Function<S, T> json, Function<S, Object> place) {
        boolean more = found.size() > paging.limit();
        List<S> shown = more ? found.subList(0, paging.limit()) : found;
        return new PageJson<>(
                shown.stream().map(json).toList(), more ? Paging.cursor(place.apply(shown.getLast())) : null);
    }
}
