package dev.wireproof.command;

import java.util.List;

/** The lifecycle's answer to an event. */
sealed interface Transition {

    /** State or certainty changed. @param cause a sentence: by what */
    record Moved(CommandFacts facts, String cause, List<Consequence> consequences) implements Transition {
        public Moved {
            consequences = List.copyOf(consequences);
        }
    }

    /** Expected, and state and certainty stay (a repeated ack); counters and deadlines may have changed. */
    record Stayed(CommandFacts facts, String why, List<Consequence> consequences) implements Transition {
        public Stayed {
            consequences = List.copyOf(consequences);
        }
    }

    /** Not allowed in this state: nothing changed. */
    record Refused(String why) implements Transition {}
}
