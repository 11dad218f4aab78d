// What a client reads of a nuspec or of a whole package, by NuGet's own libraries (those of the SDK that builds this).
// One JSON string a line on standard input, one JSON array a line on standard output: ["the JSON of what was read"], or
// ["NO", exception, message].  usage: oracle nuspec|nupkg     (nuspec: base64 of the file; nupkg: a path)
using System.Text.Encodings.Web;
using System.Text.Json;
using NuGet.Client;
using NuGet.ContentModel;
using NuGet.Frameworks;
using NuGet.Packaging;
using NuGet.RuntimeModel;

System.Text.Encoding.RegisterProvider(System.Text.CodePagesEncodingProvider.Instance);  // as `dotnet restore` does
var options = new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
Func<string, object> read = args[0] switch
{
    "nuspec" => text => ReadNuspec(new NuspecReader(new MemoryStream(Convert.FromBase64String(text)))),
    "nupkg" => ReadPackage,
    _ => throw new ArgumentException("unknown kind of text"),
};
for (string? line; (line = Console.ReadLine()) != null;)
{
    string[] answer;
    try { answer = [JsonSerializer.Serialize(read(JsonSerializer.Deserialize<string>(line)!), options)]; }
    catch (Exception e) { answer = ["NO", e.GetType().Name, e.Message.Split('\n')[0]]; }
    Console.WriteLine(JsonSerializer.Serialize(answer));
}

static Dictionary<string, object?> ReadNuspec(NuspecReader nuspec)
{
    var license = nuspec.GetLicenseMetadata();
    var repository = nuspec.GetRepositoryMetadata();
    return new()
    {
        ["id"] = nuspec.GetId(),
        ["version"] = nuspec.GetVersion().ToFullString(),
        ["title"] = nuspec.GetTitle(),
        ["authors"] = nuspec.GetAuthors(),
        ["owners"] = nuspec.GetOwners(),
        ["tags"] = nuspec.GetTags(),
        ["description"] = nuspec.GetDescription(),
        ["summary"] = nuspec.GetSummary(),
        ["releaseNotes"] = nuspec.GetReleaseNotes(),
        ["copyright"] = nuspec.GetCopyright(),
        ["projectUrl"] = nuspec.GetProjectUrl(),
        ["iconUrl"] = nuspec.GetIconUrl(),
        ["icon"] = nuspec.GetIcon(),
        ["readme"] = nuspec.GetReadme(),
        ["requireLicenseAcceptance"] = nuspec.GetRequireLicenseAcceptance(),
        ["developmentDependency"] = nuspec.GetDevelopmentDependency(),
        ["serviceable"] = IsServiceable(nuspec),
        ["minClientVersion"] = nuspec.GetMinClientVersion()?.ToNormalizedString(),
        ["license"] = license == null ? null : new[] { license.Type.ToString(), license.License },
        ["repository"] = new[] { repository.Type, repository.Url, repository.Branch, repository.Commit },
        ["packageTypes"] = nuspec.GetPackageTypes().Select(type => new[] { type.Name, type.Version.ToString() }),
        ["dependencyGroups"] = nuspec.GetDependencyGroups().Select(group => new
        {
            framework = NameOf(group.TargetFramework),
            dependencies = group.Packages.Select(each => new[]
            {
                each.Id, each.VersionRange.ToNormalizedString(), string.Join(",", each.Include), string.Join(",", each.Exclude),
            }),
        }),
        ["frameworkAssemblies"] = Groups(nuspec.GetFrameworkAssemblyGroups()),
        ["references"] = Groups(nuspec.GetReferenceGroups()),
        ["frameworkReferences"] = nuspec.GetFrameworkRefGroups().Select(group => new
        {
            framework = NameOf(group.TargetFramework), items = group.FrameworkReferences.Select(each => each.Name),
        }),
        ["contentFiles"] = nuspec.GetContentFiles().Select(each => new[]
        {
            each.Include, each.Exclude, each.BuildAction, each.CopyToOutput.ToString(), each.Flatten.ToString(),
        }),
    };
}

// null where the library throws: no client asks for it.
static bool? IsServiceable(NuspecReader nuspec)
{
    try { return nuspec.IsServiceable(); }
    catch (FormatException) { return null; }
}

static object ReadPackage(string path)
{
    using var package = new PackageArchiveReader(path);
    var files = package.GetFiles().ToList();
    if (files.Contains("runtime.json"))
    {
        JsonRuntimeFormat.ReadRuntimeGraph(package.GetStream("runtime.json"));
    }
    var old = new List<IEnumerable<FrameworkSpecificGroup>>
    {
        package.GetLibItems(), package.GetReferenceItems(), package.GetBuildItems(), package.GetContentItems(),
        package.GetToolItems(), package.GetItems("ref"),
    };
    var conventions = new ManagedCodeConventions(RuntimeGraph.Empty);
    var patterns = conventions.Patterns;
    var items = new ContentItemCollection();
    items.Load(files);
    var groups = new List<ContentItemGroup>();
    foreach (var set in new[]
    {
        patterns.CompileLibAssemblies, patterns.CompileRefAssemblies, patterns.RuntimeAssemblies, patterns.ResourceAssemblies,
        patterns.NativeLibraries, patterns.ContentFiles, patterns.MSBuildFiles, patterns.MSBuildMultiTargetingFiles,
        patterns.MSBuildTransitiveFiles, patterns.ToolsAssemblies, patterns.EmbedAssemblies,
    })
    {
        items.PopulateItemGroups(set, groups);
    }
    return new
    {
        nuspec = ReadNuspec(package.NuspecReader),
        folders = old.Select(each => each.Select(group => NameOf(group.TargetFramework)).ToList()).ToList(),
        supported = package.GetSupportedFrameworks().Select(NameOf).ToList(),
        assets = groups.SelectMany(group => group.Items).Select(item => item.Path).Distinct().ToList(),
    };
}

static object Groups(IEnumerable<FrameworkSpecificGroup> groups) =>
    groups.Select(group => new { framework = NameOf(group.TargetFramework), items = group.Items }).ToList();

static string? NameOf(NuGetFramework framework) =>
    framework.IsUnsupported ? "unsupported" : framework.IsAny ? "any" : framework.GetShortFolderName();
