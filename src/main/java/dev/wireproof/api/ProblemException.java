package dev.wireproof.api;

import org.jspecify.annotations.Nullable;

/** Ends the handling of a request with a problem. Carries no stack trace: it is an answer and no fault. */
final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    ProblemException(Problem problem, @Nullable Throwable cause) {
        super(problem.code(), cause, false, false);
        this.problem = problem;
    }

    Problem problem() {
        return problem;
    }
}
