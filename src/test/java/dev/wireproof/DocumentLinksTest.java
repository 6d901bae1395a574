package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DocumentLinksTest {
    private static final Pattern FENCED = Pattern.compile("(?ms)^```.*?^```[ \t]*$");
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.+?)\\s*$");

    /** Where the documents stand that people read; none is a fragment of another. */
    private static final List<String> FOLDERS = List.of(".", "docs", "docs/decisions", "db", ".github");

    @Test
    void every_relative_link_of_a_document_leads_to_a_file_and_a_heading_that_are_there() throws IOException {
        List<String> dead = new ArrayList<>();
        int seen = 0;
        for (Path document : documents()) {
            Matcher link = LINK.matcher(withoutCode(document));
            while (link.find()) {
                if (!link.group(1).matches("[a-z]+:.*")) {
                    seen++;
                    if (!leadsSomewhere(document, link.group(1))) {
                        dead.add(document + ": " + link.group(1));
                    }
                }
            }
        }
        assertThat(dead).isEmpty();
        assertThat(seen).as("links looked at").isGreaterThan(20);
    }

    @Test
    void the_readme_leads_to_every_page_in_docs() throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        for (Path document : documents()) {
            if (document.startsWith("docs") && document.getNameCount() == 2) {
                assertThat(readme).contains("(" + document + ")");
            }
        }
    }

    @Test
    void the_map_in_the_readme_names_every_room_and_no_other() throws IOException {
        Matcher map = Pattern.compile("(?s)\nsrc/main/java/dev/wireproof/\n(.*?)```")
                .matcher(Files.readString(Path.of("README.md")));
        assertThat(map.find()).isTrue();
        assertThat(map.group(1).lines().map(line -> line.strip().split("\\s+")[0]))
                .containsExactlyInAnyOrderElementsOf(rooms());
    }

    @Test
    void headings_are_found_by_the_names_that_a_reader_of_markdown_gives_them() {
        assertThat(anchors("# A `b-c` d\n```\n# no heading\n```\n## Who, me?\n## Who, me?\n"))
                .containsExactlyInAnyOrder("a-b-c-d", "who-me", "who-me-1");
    }

    private static boolean leadsSomewhere(Path document, String link) throws IOException {
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty()
                ? document
                : document.resolveSibling(parts[0]).normalize();
        boolean there = Files.exists(target);
        return parts.length == 1
                ? there
                : there && anchors(Files.readString(target)).contains(parts[1]);
    }

    /** As GitHub names headings: lower case, punctuation dropped, blanks as dashes, repeats numbered. */
    private static Set<String> anchors(String markdown) {
        Map<String, Integer> repeats = new HashMap<>();
        Set<String> names = new HashSet<>();
        Matcher heading = HEADING.matcher(FENCED.matcher(markdown).replaceAll(""));
        while (heading.find()) {
            String name = heading.group(1)
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N} _-]", "")
                    .replace(' ', '-');
            int before = repeats.merge(name, 1, Integer::sum) - 1;
            names.add(before == 0 ? name : name + "-" + before);
        }
        return names;
    }

    private static String withoutCode(Path document) throws IOException {
        return FENCED.matcher(Files.readString(document)).replaceAll("").replaceAll("`[^`\n]*`", "");
    }

    private static List<Path> documents() throws IOException {
        List<Path> found = new ArrayList<>();
        for (String folder : FOLDERS) {
            try (Stream<Path> files = Files.list(Path.of(folder))) {
                files.filter(file -> file.toString().endsWith(".md"))
                        .map(Path::normalize)
                        .sorted()
                        .forEach(found::add);
            }
        }
        return found;
    }

    private static Set<String> rooms() throws IOException {
        Set<String> rooms = new HashSet<>();
        try (Stream<Path> folders = Files.list(Path.of("src/main/java/dev/wireproof"))) {
            folders.filter(Files::isDirectory)
                    .map(folder -> folder.getFileName().toString())
                    .forEach(rooms::add);
        }
        return rooms;
    }
}
