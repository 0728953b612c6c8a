// Loaded before a tortured process: whichever addon it asks for, it gets the one with the feature `torture`.

require.extensions['.node'] = module => process.dlopen(module, process.env.SMARTRECRUITERS_TORTURE_ADDON)
