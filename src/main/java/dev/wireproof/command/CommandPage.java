package dev.wireproof.command;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of a list, newest first.
 *
 * @param next pass it to get what follows; null at the end
 */
public record CommandPage(List<CommandView> items, @Nullable Long next) {
    public CommandPage {
        items = List.copyOf(items);
    }
}
