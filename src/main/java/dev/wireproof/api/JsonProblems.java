package dev.wireproof.api;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

/** Says what is wrong with a JSON body, by field and in words of the API: the library's own tell of Java classes. */
final class JsonProblems {
    private static final Pattern DUPLICATE = Pattern.compile("Duplicate Object property \"(.{1,200}?)\"");

    private JsonProblems() {}

    static Problem of(JacksonException cause) {
        String field = field(cause);
        return switch (cause) {
            case UnrecognizedPropertyException unknown -> Problem.invalid(field, "is not known here");
            case InvalidFormatException unfit
            when unfit.getTargetType() == String.class -> Problem.invalid(field, ApiJson.UNFIT_TEXT);
            case MismatchedInputException wrong ->
                wrong.getPath().isEmpty()
                        ? Problem.malformed("The body must be one JSON object and nothing else.")
                        : Problem.invalid(field, "must be " + kind(wrong.getTargetType()));
            case InputCoercionException range -> Problem.invalid(field, "is out of range");
            case StreamConstraintsException limit ->
                Problem.malformed("The JSON is nested deeper than %d levels, or one of its values is too long."
                        .formatted(ApiJson.DEPTH));
            case StreamReadException read -> {
                Matcher twice = DUPLICATE.matcher(String.valueOf(read.getOriginalMessage()));
                yield twice.find() ? Problem.invalid(inside(read, twice.group(1)), "is given twice") : malformed(cause);
            }
            default ->
                cause.getCause() instanceof InputCoercionException
                        ? Problem.invalid(field, "is out of range")
                        : malformed(cause);
        };
    }

    private static Problem malformed(JacksonException cause) {
        TokenStreamLocation at = cause.getLocation();
        return Problem.malformed(
                at == null
                        ? "The body is not JSON."
                        : "The body is not JSON (line %d, column %d).".formatted(at.getLineNr(), at.getColumnNr()));
    }

    private static String inside(JacksonException cause, String name) {
        String path = field(cause);
        if (path.isEmpty()) {
            return name;
        }
        return path.equals(name) || path.endsWith("." + name) ? path : path + "." + name;
    }

    /** The path as in the request: {@code a.b[2]}; empty for the body as a whole. */
    static String field(JacksonException cause) {
        StringBuilder path = new StringBuilder();
        List<JacksonException.Reference> references = cause.getPath();
        for (JacksonException.Reference reference : references) {
            String name = reference.getPropertyName();
            if (name == null) {
                path.append('[').append(reference.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(name);
            }
        }
        return path.length() > 200 ? path.substring(0, 200) : path.toString();
    }

    private static String kind(@Nullable Class<?> type) {
        if (type == null) {
            return "of another type";
        }
        if (type == String.class) {
            return "a string";
        }
        if (type == Integer.class || type == Long.class || type == int.class || type == long.class) {
            return "an integer";
        }
        if (type == Boolean.class || type == boolean.class) {
            return "true or false";
        }
        if (Collection.class.isAssignableFrom(type)) {
            return "an array";
        }
        if (Map.class.isAssignableFrom(type) || type.isRecord()) {
            return "an object";
        }
        return "of another type";
    }
}
