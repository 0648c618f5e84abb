// SPDX-License-Identifier: Apache-2.0
// Flamenco's job type of a Wisp shot: put this file into the manager's folder `scripts`.
// Written by `wisp farm submit SHOT --to flamenco`, beside the job that it is for.

const JOB_TYPE = {
    label: "Wisp Roto",
    description: "Tracks and mattes the objects of a shot, and checks the mattes",
    settings: [
        { key: "shot", type: "string", subtype: "file_path", required: true, description: "The document, NAME.wisp" },
        { key: "cache", type: "string", subtype: "dir_path", required: true, description: "Masks and mattes" },
        { key: "tracks", type: "string", required: true, description: "JSON: pairs of an object and the frames tracked together" },
        { key: "frames", type: "string", required: true, description: "Frames to matte, such as 1001-1100" },
        { key: "chunk_size", type: "int32", default: 10, description: "Frames matted by one task" },
        { key: "device", type: "string", default: "auto", description: "auto, cpu or cuda:N on the workers" },
        { key: "path_map", type: "string", default: "", description: "FROM=TO, several apart by semicolons" },
        { key: "wisp", type: "string", default: "wisp", description: "The command on the workers" },
        { key: "fail_on", type: "string", choices: ["missing", "suspicious"], default: "missing" },
    ],
};

function compileJob(job) {
    const settings = job.settings;
    const common = ["--cache", settings.cache, "--device", settings.device, "--map", settings.path_map];

    function add(name, stage, words, after) {
        const task = author.Task(name, "misc");
        const args = ["farm", "task", stage, settings.shot].concat(common, words);
        task.addCommand(author.Command("exec", { exe: settings.wisp, args: args }));
        after.forEach((earlier) => task.addDependency(earlier));
        job.addTask(task);
        return task;
    }

    const tracks = {};
    for (const [object, span] of JSON.parse(settings.tracks)) {
        const task = add(`track-${object}-${span}`, "track", ["--object", object, "--frames", span, "--within", settings.frames], []);
        tracks[object] = (tracks[object] || []).concat([task]);
    }
    const mattes = [];
    for (const object of Object.keys(tracks)) {
        for (const chunk of frameChunker(settings.frames, settings.chunk_size)) {
            mattes.push(add(`matte-${object}-${chunk}`, "matte", ["--object", object, "--frames", chunk], tracks[object]));
        }
    }
    const objects = Object.keys(tracks).reduce((words, object) => words.concat(["--object", object]), []);
    add("check", "check", objects.concat(["--frames", settings.frames, "--fail-on", settings.fail_on]), mattes);
}
