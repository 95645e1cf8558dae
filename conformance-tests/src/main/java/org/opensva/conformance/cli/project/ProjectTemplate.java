package org.opensva.conformance.cli.project;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The files of a new project. */
final class ProjectTemplate {

    private static final String SERVICE =
            "src/main/resources/META-INF/services/org.opensva.api.backend.BackendProvider";

    private static final List<String> PARTS =
            List.of("BackendProvider", "Backend", "Process", "Accelerator", "QueueHandle");

    private final ProjectName name;
    private final String version;

    ProjectTemplate(ProjectName name, String version) {
        this.name = name;
        this.version = version;
    }

    /**
     * The files.
     *
     * @return text by path, relative to the project
     */
    Map<String, String> files() {
        String main = "src/main/java/" + name.folder() + "/";
        String test = "src/test/java/" + name.folder() + "/";
        Map<String, String> files = new LinkedHashMap<>();
        files.put("pom.xml", filled("pom.xml"));
        files.put("README.md", filled("README.md"));
        files.put(".gitignore", "target/\n");
        files.put(SERVICE, name.packageName() + "." + name.className() + "BackendProvider\n");
        files.put(main + "package-info.java", filled("package-info.java"));
        for (String part : PARTS) {
            files.put(main + name.className() + part + ".java", filled(part + ".java"));
        }
        files.put(main + "NextStep.java", filled("NextStep.java"));
        files.put(test + name.className() + "ConformanceTest.java", filled("ConformanceTest.java"));
        return files;
    }

    private String filled(String template) {
        return read(template)
                .replace("@package@", name.packageName())
                .replace("@backend@", name.backend())
                .replace("@Name@", name.className())
                .replace("@version@", version);
    }

    private static String read(String template) {
        try (InputStream stream =
                ProjectTemplate.class.getResourceAsStream("template/" + template + ".txt")) {
            if (stream == null) {
                throw new IllegalStateException("template " + template + " is missing");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("template " + template + " cannot be read", e);
        }
    }

    /** Writes the files into a folder that exists. */
    void write(Path folder) throws IOException {
        for (Map.Entry<String, String> file : files().entrySet()) {
            Path target = folder.resolve(file.getKey());
            Files.createDirectories(target.getParent());
            Files.writeString(target, file.getValue());
        }
    }
}
