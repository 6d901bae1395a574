package dev.wireproof.api;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.method.HandlerMethod;

/**
 * What a route takes in its query. A name that it does not know is refused, as an unknown field of a body is: a filter that is silently
 * ignored answers with everything.
 */
final class QueryParameters {
    /** Every list may be asked for in pages; one that is never long answers whole. */
    private static final Set<String> OF_LISTS = Set.of("limit", "cursor");

    private QueryParameters() {}

    /**
     * @param query as it came; null: none
     * @throws ProblemException 400 naming each that the route does not know
     */
    static void check(HandlerMethod route, @Nullable String query) {
        if (query == null || query.isEmpty()) {
            return;
        }
        TreeSet<String> known = known(route);
        List<Problem.FieldError> unknown = new ArrayList<>();
        for (String part : query.split("&")) {
            String name = decoded(part.split("=", 2)[0]);
            if (!name.isEmpty() && !known.contains(name) && !OF_LISTS.contains(name)) {
                unknown.add(new Problem.FieldError(
                        name.substring(0, Math.min(name.length(), 100)),
                        known.isEmpty()
                                ? "is not known: this route takes no query"
                                : "is not known; this route takes " + String.join(", ", known)));
            }
        }
        if (!unknown.isEmpty()) {
            throw Problem.invalid(unknown).exception();
        }
    }

    private static TreeSet<String> known(HandlerMethod route) {
        TreeSet<String> known = new TreeSet<>();
        Arrays.stream(route.getMethodParameters()).forEach(parameter -> {
            RequestParam declared = parameter.getParameterAnnotation(RequestParam.class);
            if (declared != null) {
                known.add(
                        declared.name().isEmpty()
                                ? Objects.requireNonNull(
                                        parameter.getParameter().getName())
                                : declared.name());
            }
        });
        return known;
    }

    private static String decoded(String name) {
        try {
            return URLDecoder.decode(name, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException broken) {
            return name;
        }
    }
}
