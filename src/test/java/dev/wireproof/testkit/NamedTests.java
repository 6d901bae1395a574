package dev.wireproof.testkit;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** Tests that a document names as {@code `room.ClassName#method`}. */
public final class NamedTests {
    private static final Pattern NAMED = Pattern.compile("`([\\w.]+)#(\\w+)`");

    private NamedTests() {}

    /** @return what is wrong, in words: a text that names no test, or names that are no tests of ours */
    public static List<String> missingFrom(String text) {
        List<MatchResult> named = NAMED.matcher(text).results().toList();
        if (named.isEmpty()) {
            return List.of("names no test");
        }
        List<String> missing = new ArrayList<>();
        named.stream()
                .filter(test -> !isATest("dev.wireproof." + test.group(1), test.group(2)))
                .forEach(test -> missing.add("names " + test.group()));
        return missing;
    }

    private static boolean isATest(String className, String method) {
        try {
            Class<?> testClass = Class.forName(className, false, NamedTests.class.getClassLoader());
            return Stream.concat(
                            Arrays.stream(testClass.getDeclaredMethods()),
                            Arrays.stream(testClass.getSuperclass().getDeclaredMethods()))
                    .filter(declared -> declared.getName().equals(method))
                    .anyMatch(NamedTests::runs);
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static boolean runs(Method method) {
        return method.isAnnotationPresent(Test.class) || method.isAnnotationPresent(ParameterizedTest.class);
    }
}
