package dev.wireproof.api;

import dev.wireproof.access.Role;
import dev.wireproof.access.StorableText;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.WireTime;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Collects what is wrong with a request, so that one answer names every bad field. Methods that return a value return a stand-in for a bad
 * one: call {@link #done()} before anything is done with them.
 */
final class Checks {
    private static final int QUERY_LENGTH = 255;

    private final List<Problem.FieldError> errors = new ArrayList<>();

    void bad(String field, String message) {
        errors.add(new Problem.FieldError(field, message));
    }

    /** @throws ProblemException 400 when a field was bad */
    void addAll(String prefix, Checks others) {
        others.errors.forEach(error -> bad(prefix + error.field(), error.message()));
    }

    void done() {
        if (!errors.isEmpty()) {
            throw Problem.invalid(errors).exception();
        }
    }

    String text(String field, @Nullable String value, int longest) {
        if (value == null) {
            bad(field, "is required");
            return "";
        }
        if (value.isEmpty()) {
            bad(field, "must not be empty");
        }
        return withinLength(field, value, longest);
    }

    @Nullable
    String optionalText(String field, @Nullable String value, int longest) {
        return value == null ? null : withinLength(field, value, longest);
    }

    String withinLength(String field, String value, int longest) {
        if (value.length() > longest) {
            bad(field, "must have at most " + longest + " characters");
        }
        return value;
    }

    int range(String field, @Nullable Integer value, int least, int most, int standard) {
        return (int) range(field, value == null ? null : value.longValue(), least, most, standard);
    }

    long range(String field, @Nullable Long value, long least, long most, long standard) {
        if (value == null) {
            return standard;
        }
        if (value < least || value > most) {
            bad(field, "must be between %d and %d".formatted(least, most));
            return standard;
        }
        return value;
    }

    String oneOf(String field, @Nullable String value, Set<String> allowed, String standard) {
        if (value == null) {
            return standard;
        }
        if (!allowed.contains(value)) {
            bad(field, "must be one of " + String.join(", ", allowed));
            return standard;
        }
        return value;
    }

    @Nullable
    Instant time(String field, @Nullable String value) {
        return parsed(field, value, "must be an RFC 3339 time such as 2026-01-31T12:00:00Z", text -> {
            Instant at = WireTime.parse(text);
            if (at.isBefore(Instant.EPOCH) || at.getEpochSecond() > 253_402_300_799L) {
                throw new DateTimeException("out of range");
            }
            return at;
        });
    }

    /** @param now a time at or before it is refused */
    @Nullable
    Instant futureTime(String field, @Nullable String value, Instant now) {
        Instant at = time(field, value);
        if (at != null && !at.isAfter(now)) {
            bad(field, "must lie in the future");
        }
        return at;
    }

    <T> @Nullable T id(String field, @Nullable String value, Function<String, T> parse) {
        return parsed(field, value, "must be a UUID", parse);
    }

    @Nullable
    SiteId site(String field, @Nullable String value) {
        return parsed(field, value, "must be a UUID", SiteId::parse);
    }

    SiteId requiredSite(String field, @Nullable String value) {
        SiteId site = site(field, value);
        if (value == null) {
            bad(field, "is required");
        }
        return site == null ? SiteId.DEFAULT : site;
    }

    @Nullable
    AgentId agent(String field, @Nullable String value) {
        return parsed(field, value, "must be a UUID", AgentId::parse);
    }

    Role role(String field, @Nullable String value) {
        if (value == null) {
            bad(field, "is required");
        }
        Role role = parsed(field, value, "must be one of viewer, technician, admin", Role::ofWireName);
        return role == null ? Role.VIEWER : role;
    }

    private <T> @Nullable T parsed(String field, @Nullable String value, String message, Function<String, T> parse) {
        if (value == null) {
            return null;
        }
        try {
            return parse.apply(value);
        } catch (IllegalArgumentException | DateTimeException e) {
            bad(field, message);
            return null;
        }
    }

    /** Text in a query parameter, which PostgreSQL must be able to compare with. */
    @Nullable
    String query(String field, @Nullable String value) {
        if (value != null && (value.length() > QUERY_LENGTH || !StorableText.fits(value))) {
            bad(field, "must have at most " + QUERY_LENGTH + " characters and none that text cannot hold");
            return null;
        }
        return value;
    }

    /** A number in a query parameter. */
    @Nullable
    Long number(String field, @Nullable String value) {
        if (value == null) {
            return null;
        }
        if (!value.matches("-?[0-9]{1,18}")) {
            bad(field, "must be an integer");
            return null;
        }
        return Long.valueOf(value);
    }

    @Nullable
    Boolean flag(String field, @Nullable String value) {
        if (value == null) {
            return null;
        }
        if (!value.equals("true") && !value.equals("false")) {
            bad(field, "must be true or false");
        }
        return Boolean.valueOf(value);
    }
}
